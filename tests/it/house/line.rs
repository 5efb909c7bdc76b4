//! A line to the database that a test can freeze: what is sent waits in it, and nobody is told.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, tcp::OwnedReadHalf, tcp::OwnedWriteHalf},
    sync::watch,
};

/// A line. Ends with the test's runtime.
pub struct Line {
    /// The database's address by this line.
    pub url: String,
    flows: watch::Sender<bool>,
}

impl Line {
    /// Lays a line to a database.
    pub async fn to(url: &str) -> Self {
        let (before, rest) = url.split_once('@').expect("a user in the URL");
        let (address, database) = rest.split_once('/').expect("a database in the URL");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let here = listener.local_addr().expect("an address");
        let (flows, _) = watch::channel(true);
        tokio::spawn(serve(listener, address.to_owned(), flows.subscribe()));
        Self { url: format!("{before}@{here}/{database}"), flows }
    }

    /// Holds everything back, in both directions.
    pub fn freeze(&self) {
        self.flows.send_replace(false);
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.flows.send_replace(true);
    }
}

async fn serve(listener: TcpListener, address: String, flows: watch::Receiver<bool>) {
    while let Ok((client, _)) = listener.accept().await {
        let server = TcpStream::connect(&address).await.expect("the database");
        let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
        tokio::spawn(pass_on(from_client, to_server, flows.clone()));
        tokio::spawn(pass_on(from_server, to_client, flows.clone()));
    }
}

async fn pass_on(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut flows: watch::Receiver<bool>) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        if flows.wait_for(|flows| *flows).await.is_err() || to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
