//! Requests that ask for an upgrade.
//!
//! The app answers them like any other request, errors included. Where it says 101 it leaves a [`Granted`] behind, and the socket gets
//! the connection itself: no task, buffer or channel of HTTP stays under it.

use std::{
    io,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use actix_codec::Framed;
use actix_http::{
    ConnectionType, Request, Response,
    body::{BodySize, MessageBody},
    h1::{Codec, Message},
};
use actix_web::{
    Error, HttpMessage, HttpResponse,
    body::to_bytes,
    dev::{Service, ServiceResponse},
    rt::net::TcpStream,
};
use futures_util::{SinkExt, future::LocalBoxFuture};
use tokio::time::timeout;

use crate::sync::Granted;

/// How long a client may take to take the answer.
const ANSWER: Duration = Duration::from_secs(5);

/// A connection as HTTP/1 leaves it.
type Connection = Framed<TcpStream, Codec>;

/// Answers requests for an upgrade with an app.
pub struct Upgrades<S>(pub Rc<S>);

impl<S, B> Service<(Request, Connection)> for Upgrades<S>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ();
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<(), Error>>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.0.poll_ready(context)
    }

    fn call(&self, (request, connection): (Request, Connection)) -> Self::Future {
        let app = self.0.clone();
        Box::pin(async move {
            let (granted, response) = match app.call(request).await {
                Ok(answer) => {
                    let granted = answer.request().extensions_mut().remove::<Granted>();
                    (granted, answer.into_parts().1.map_into_boxed_body())
                }
                Err(error) => (None, error.error_response()),
            };
            let answered = timeout(ANSWER, async move {
                match granted {
                    Some(granted) => hand_over(connection, response, granted).await,
                    None => refuse(connection, response).await,
                }
            });
            Ok(answered.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??)
        })
    }
}

/// Sends the 101, and the connection is the socket's.
async fn hand_over(mut connection: Connection, response: HttpResponse, granted: Granted) -> io::Result<()> {
    connection.send((Response::from(response).drop_body(), BodySize::None).into()).await?;
    let parts = connection.into_parts();
    granted.begin(parts.io, &parts.read_buf);
    Ok(())
}

/// Sends what the app said instead, and ends the connection: what comes on it after such a request is nobody's.
async fn refuse(mut connection: Connection, response: HttpResponse) -> io::Result<()> {
    let (mut head, body) = Response::from(response).into_parts();
    let body = to_bytes(body).await.map_err(|_| io::Error::other("a body without an end"))?;
    head.head_mut().set_connection_type(ConnectionType::Close);
    let size = BodySize::Sized(u64::try_from(body.len()).map_err(io::Error::other)?);
    // In one piece: many a client reads no further than what comes with the head of a refusal.
    connection.feed((head, size).into()).await?;
    connection.feed(Message::Chunk(Some(body))).await?;
    connection.send(Message::Chunk(None)).await?;
    SinkExt::<Message<(Response<()>, BodySize)>>::close(&mut connection).await
}
