//! The bare server that `family-pairing bench floor` measures: actix-ws and one read by primary key, with nothing around them.
//!
//! Not part of the product. What is faster than this on the same libraries would be a miracle, and what is much slower is our fault.

use std::{
    collections::HashMap,
    env,
    sync::{Mutex, PoisonError},
};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer, Responder, get, post,
    rt::spawn,
    web::{Data, Path, Payload},
};
use actix_ws::{Message, Session};
use diesel::QueryDsl;
use diesel_async::{
    AsyncPgConnection, RunQueryDsl,
    pooled_connection::{AsyncDieselConnectionManager, deadpool::Pool},
};
use futures_util::StreamExt;

/// The sockets, by number.
type Sockets = Mutex<HashMap<usize, Session>>;

diesel::table! {
    /// Texts by their keys.
    floor (id) {
        /// Its number.
        id -> BigInt,
        /// Its text.
        text -> Text,
    }
}

#[get("/ws/{n}")]
async fn socket(
    request: HttpRequest,
    payload: Payload,
    n: Path<usize>,
    sockets: Data<Sockets>,
) -> actix_web::Result<HttpResponse> {
    let (answer, mut session, mut messages) = actix_ws::handle(&request, payload)?;
    sockets.lock().unwrap_or_else(PoisonError::into_inner).insert(*n, session.clone());
    spawn(async move {
        while let Some(Ok(message)) = messages.next().await {
            let sent = match message {
                Message::Text(text) => session.text(text).await,
                Message::Ping(bytes) => session.pong(&bytes).await,
                _ => Ok(()),
            };
            if sent.is_err() {
                break;
            }
        }
    });
    Ok(answer)
}

#[post("/push/{n}")]
async fn push(body: String, n: Path<usize>, sockets: Data<Sockets>) -> impl Responder {
    let session = sockets.lock().unwrap_or_else(PoisonError::into_inner).get(&n).cloned();
    let Some(mut session) = session else { return HttpResponse::NotFound().finish() };
    match session.text(body).await {
        Ok(()) => HttpResponse::NoContent().finish(),
        Err(_) => HttpResponse::Gone().finish(),
    }
}

#[get("/row/{n}")]
async fn read(n: Path<i64>, pool: Data<Pool<AsyncPgConnection>>) -> impl Responder {
    let Ok(mut conn) = pool.get().await else { return HttpResponse::ServiceUnavailable().finish() };
    match floor::table.find(*n).select(floor::text).first::<String>(&mut conn).await {
        Ok(text) => HttpResponse::Ok().content_type("application/json").body(text),
        Err(_) => HttpResponse::NotFound().finish(),
    }
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let (Ok(database), Ok(listen)) = (env::var("DATABASE_URL"), env::var("LISTEN")) else {
        return Err(std::io::Error::other("needs DATABASE_URL and LISTEN"));
    };
    let sockets = Data::new(Sockets::default());
    HttpServer::new(move || {
        // One pool a worker: a connection belongs to the runtime that opened it.
        let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new(&database);
        let pool = Pool::builder(manager).max_size(8).build();
        let app = App::new().app_data(sockets.clone()).service(socket).service(push).service(read);
        match pool {
            Ok(pool) => app.app_data(Data::new(pool)),
            Err(_) => app,
        }
    })
    .shutdown_timeout(1)
    .bind(listen)?
    .run()
    .await
}
