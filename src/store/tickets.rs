//! A browser's way to a socket: a ticket that works once, within thirty seconds.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use jiff::Timestamp;
use jiff_diesel::ToDiesel;
use uuid::Uuid;

use super::{
    Store, StoreError, Tools,
    kinship::{DeviceOf, SignedIn, device_by_id, session_by_id},
    schema::sync_tickets,
    sessions::after,
};
use crate::domain::{
    account::TICKET_LIFE,
    secret::{Token, TokenHash, TokenKind},
};

/// Whom a ticket stands for.
#[derive(Clone)]
pub enum Holder {
    /// A device of a teen.
    Device(DeviceOf),
    /// A signed-in account.
    Session(SignedIn),
}

impl Store {
    /// Makes a ticket and says until when it works.
    pub async fn make_ticket(&self, holder: Holder) -> Result<(Token, Timestamp), StoreError> {
        let token = Token::mint(TokenKind::Ticket, self.world.bytes());
        let hash = token.hash();
        let until = self
            .write(move |conn, tools| {
                let holder = holder.clone();
                async move { insert(conn, &tools, hash, &holder).await }.boxed()
            })
            .await?;
        Ok((token, until))
    }

    /// Uses a ticket up. `None`: unknown, used, too old, or its session or device has ended since.
    pub async fn use_ticket(&self, ticket: TokenHash) -> Result<Option<Holder>, StoreError> {
        self.write(move |conn, tools| {
            async move {
                let row: Option<(Option<Uuid>, Option<Uuid>, jiff_diesel::Timestamp)> =
                    diesel::delete(sync_tickets::table.find(ticket.as_bytes().to_vec()))
                        .returning((sync_tickets::session_id, sync_tickets::device_id, sync_tickets::expires_at))
                        .get_result(conn)
                        .await
                        .optional()?;
                match row {
                    Some((_, _, until)) if until.to_jiff() <= tools.world.now() => Ok(None),
                    Some((Some(session), _, _)) => Ok(session_by_id(conn, &tools, session).await?.map(Holder::Session)),
                    Some((None, Some(device), _)) => Ok(device_by_id(conn, device).await?.map(Holder::Device)),
                    _ => Ok(None),
                }
            }
            .boxed()
        })
        .await
    }
}

async fn insert(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    hash: TokenHash,
    holder: &Holder,
) -> Result<Timestamp, StoreError> {
    let now = tools.world.now();
    let until = after(now, TICKET_LIFE)?;
    let (session, device) = match holder {
        Holder::Session(who) => (Some(who.session().uuid()), None),
        Holder::Device(device) => (None, Some(device.device().uuid())),
    };
    diesel::delete(sync_tickets::table.filter(sync_tickets::expires_at.le(now.to_diesel()))).execute(conn).await?;
    diesel::insert_into(sync_tickets::table)
        .values((
            sync_tickets::token_hash.eq(hash.as_bytes().to_vec()),
            sync_tickets::session_id.eq(session),
            sync_tickets::device_id.eq(device),
            sync_tickets::expires_at.eq(until.to_diesel()),
        ))
        .execute(conn)
        .await?;
    Ok(until)
}
