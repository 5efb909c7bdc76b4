//! Sessions: started, renewed once per refresh token, ended for good.
//!
//! A refresh token works once. Shown again, somebody has a copy: the whole session dies. The one exception is the same
//! request repeated (same `Idempotency-Key`, within a minute), because an answer can be lost on a phone's way home.

use diesel::{
    ExpressionMethods, OptionalExtension, QueryDsl,
    dsl::sql,
    sql_types::{Nullable, Timestamptz},
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use jiff_diesel::ToDiesel;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Event, Store, StoreError, Tools,
    accounts::{self, Credentials, Welcome},
    audit::{self, Deed},
    kinship::SignedIn,
    once::{self, Once},
    schema::{accounts as accounts_table, session_tokens, sessions},
};
use crate::domain::{
    account::{REFRESH_GRACE, REFRESH_LIFE, SESSION_LIFE},
    ids::{AccountId, SessionId},
    secret::{Token, TokenHash, TokenKind},
};

/// What a sign-in hands out, once.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Tokens {
    /// `fps_…`: goes into `Authorization: Bearer`.
    pub access_token: String,
    /// `fpr_…`: renews both, once.
    pub refresh_token: String,
    /// When the access token runs out.
    pub expires_at: Timestamp,
    /// When the refresh token runs out.
    pub refresh_expires_at: Timestamp,
}

/// What became of a refresh.
pub enum Renewal {
    /// New tokens.
    Renewed(Box<Welcome>),
    /// Unknown, run out or ended.
    Invalid,
    /// Used before: the session has just been ended, everywhere.
    Reused,
}

impl Store {
    /// Starts a session for somebody whose password was right: `verified` is the hash that it was compared with, and must
    /// still be the account's, or a change of password in between would be survived by the old one.
    pub async fn sign_in(&self, verified: Credentials, once: Option<Once>) -> Result<Welcome, StoreError> {
        self.write(move |conn, tools| {
            let (verified, once) = (verified.clone(), once.clone());
            async move {
                let account = verified.account;
                still_the_password(conn, &verified).await?;
                if let Some(before) = once::claim(conn, &tools, once.as_ref()).await? {
                    return Ok(before.answer);
                }
                let tokens = start(conn, &tools, account).await?;
                audit::record(conn, &tools, Deed::new(account, "session.started")).await?;
                let welcome = Welcome { account: accounts::load(conn, &tools, account).await?, tokens };
                once::keep(conn, &tools, once.as_ref(), &welcome).await?;
                Ok(welcome)
            }
            .boxed()
        })
        .await
    }

    /// Trades a refresh token for new tokens.
    pub async fn renew(&self, token: TokenHash, once: Option<Once>) -> Result<Renewal, StoreError> {
        let (renewal, ended) = self
            .write(move |conn, tools| {
                let once = once.clone();
                async move { renew(conn, &tools, token, once.as_ref()).await }.boxed()
            })
            .await?;
        if let Some(session) = ended {
            self.post(Event::SessionEnded(session));
        }
        Ok(renewal)
    }

    /// Ends the session that was shown.
    pub async fn sign_out(&self, who: SignedIn) -> Result<(), StoreError> {
        let session = who.session();
        self.write(move |conn, tools| {
            let who = who.clone();
            async move {
                end(conn, &tools, who.session(), "signed_out").await?;
                audit::record(conn, &tools, Deed::new(who.account(), "session.ended")).await
            }
            .boxed()
        })
        .await?;
        self.post(Event::SessionEnded(session));
        Ok(())
    }

    /// Sets a new password hash and ends every session of the account. Devices of a teen stay: they are signed in by themselves.
    pub async fn change_password(&self, verified: Credentials, hash: String) -> Result<(), StoreError> {
        let account = verified.account;
        let ended = self
            .write(move |conn, tools| {
                let (verified, hash) = (verified.clone(), hash.clone());
                async move {
                    still_the_password(conn, &verified).await?;
                    diesel::update(accounts_table::table.find(account.uuid()))
                        .set(accounts_table::password_hash.eq(hash))
                        .execute(conn)
                        .await?;
                    let ended = end_all(conn, &tools, account, "password_changed").await?;
                    audit::record(conn, &tools, Deed::new(account, "account.password_changed")).await?;
                    Ok(ended)
                }
                .boxed()
            })
            .await?;
        for session in ended {
            self.post(Event::SessionEnded(session));
        }
        Ok(())
    }

    /// Keeps a hash made with newer parameters. Only called right after that password was shown.
    pub async fn rehash(&self, verified: &Credentials, hash: String) -> Result<(), StoreError> {
        let mut conn = self.pool.get().await?;
        let unchanged = accounts_table::password_hash.eq(&verified.password_hash);
        diesel::update(accounts_table::table.find(verified.account.uuid()).filter(unchanged))
            .set(accounts_table::password_hash.eq(hash))
            .execute(&mut conn)
            .await?;
        Ok(())
    }
}

/// Locks the account's password against a change and looks whether it is still the one that was shown.
async fn still_the_password(conn: &mut AsyncPgConnection, verified: &Credentials) -> Result<(), StoreError> {
    let now: String = accounts_table::table
        .find(verified.account.uuid())
        .select(accounts_table::password_hash)
        .for_no_key_update()
        .first(conn)
        .await?;
    match now == verified.password_hash {
        true => Ok(()),
        false => Err(StoreError::PasswordChanged),
    }
}

/// Starts a session and mints its first two tokens.
pub(crate) async fn start(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    account: AccountId,
) -> Result<Tokens, StoreError> {
    let now = tools.world.now();
    let session: SessionId = tools.world.id();
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(session.uuid()),
            sessions::account_id.eq(account.uuid()),
            sessions::created_at.eq(now.to_diesel()),
            sessions::expires_at.eq(after(now, REFRESH_LIFE)?.to_diesel()),
        ))
        .execute(conn)
        .await?;
    mint(conn, tools, session).await
}

async fn mint(conn: &mut AsyncPgConnection, tools: &Tools, session: SessionId) -> Result<Tokens, StoreError> {
    let now = tools.world.now();
    let access = Token::mint(TokenKind::Session, tools.world.bytes());
    let refresh = Token::mint(TokenKind::Refresh, tools.world.bytes());
    let tokens = Tokens {
        access_token: access.reveal().to_owned(),
        refresh_token: refresh.reveal().to_owned(),
        expires_at: after(now, SESSION_LIFE)?,
        refresh_expires_at: after(now, REFRESH_LIFE)?,
    };
    let row = |token: &Token, kind, expires_at: Timestamp| {
        (
            session_tokens::token_hash.eq(token.hash().as_bytes().to_vec()),
            session_tokens::session_id.eq(session.uuid()),
            session_tokens::kind.eq(kind),
            session_tokens::expires_at.eq(expires_at.to_diesel()),
        )
    };
    diesel::insert_into(session_tokens::table)
        .values(vec![row(&access, "session", tokens.expires_at), row(&refresh, "refresh", tokens.refresh_expires_at)])
        .execute(conn)
        .await?;
    Ok(tokens)
}

type RefreshRow = (Uuid, Uuid, jiff_diesel::Timestamp, Option<jiff_diesel::Timestamp>, Option<jiff_diesel::Timestamp>);

async fn renew(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    token: TokenHash,
    once: Option<&Once>,
) -> Result<(Renewal, Option<SessionId>), StoreError> {
    let now = tools.world.now();
    let row: Option<RefreshRow> = session_tokens::table
        .inner_join(sessions::table)
        .filter(session_tokens::token_hash.eq(token.as_bytes().to_vec()))
        .filter(session_tokens::kind.eq("refresh"))
        .select((
            sessions::id,
            sessions::account_id,
            session_tokens::expires_at,
            session_tokens::used_at,
            sessions::ended_at,
        ))
        .for_update()
        .first(conn)
        .await
        .optional()?;
    let Some((session, account, expires_at, used_at, ended_at)) = row else {
        return Ok((Renewal::Invalid, None));
    };
    if ended_at.is_some() || expires_at.to_jiff() <= now {
        return Ok((Renewal::Invalid, None));
    }
    let (session, account) = (SessionId::from(session), AccountId::from(account));
    if used_at.is_some() {
        return reuse(conn, tools, session, account, once).await;
    }
    // The key is new or nothing was kept under it, because this token has not been used.
    once::claim::<Welcome>(conn, tools, once).await?;
    diesel::update(session_tokens::table.find(token.as_bytes().to_vec()))
        .set(session_tokens::used_at.eq(now.to_diesel()))
        .execute(conn)
        .await?;
    diesel::update(sessions::table.find(session.uuid()))
        .set(sessions::expires_at.eq(after(now, REFRESH_LIFE)?.to_diesel()))
        .execute(conn)
        .await?;
    let tokens = mint(conn, tools, session).await?;
    let welcome = Welcome { account: accounts::load(conn, tools, account).await?, tokens };
    once::keep(conn, tools, once, &welcome).await?;
    Ok((Renewal::Renewed(Box::new(welcome)), None))
}

/// A used refresh token came back: the same request again, or a copy in other hands.
async fn reuse(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    session: SessionId,
    account: AccountId,
    once: Option<&Once>,
) -> Result<(Renewal, Option<SessionId>), StoreError> {
    if let Some(before) = once::look::<Welcome>(conn, tools, once).await?
        && tools.world.now().duration_since(before.at) <= REFRESH_GRACE
    {
        return Ok((Renewal::Renewed(Box::new(before.answer)), None));
    }
    end(conn, tools, session, "refresh_reused").await?;
    audit::record(conn, tools, Deed::new(account, "session.refresh_reused").subject(session.uuid())).await?;
    Ok((Renewal::Reused, Some(session)))
}

async fn end(conn: &mut AsyncPgConnection, tools: &Tools, session: SessionId, because: &str) -> Result<(), StoreError> {
    diesel::update(sessions::table.find(session.uuid()).filter(sessions::ended_at.is_null()))
        .set((
            sessions::ended_at.eq(tools.world.now().to_diesel()),
            sessions::ended_because.eq(because),
            sessions::ended_recorded_at.eq(sql::<Nullable<Timestamptz>>("clock_timestamp()")),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

async fn end_all(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    account: AccountId,
    because: &str,
) -> Result<Vec<SessionId>, StoreError> {
    let open = sessions::table.filter(sessions::account_id.eq(account.uuid())).filter(sessions::ended_at.is_null());
    let ended: Vec<Uuid> = diesel::update(open)
        .set((
            sessions::ended_at.eq(tools.world.now().to_diesel()),
            sessions::ended_because.eq(because),
            sessions::ended_recorded_at.eq(sql::<Nullable<Timestamptz>>("clock_timestamp()")),
        ))
        .returning(sessions::id)
        .get_results(conn)
        .await?;
    Ok(ended.into_iter().map(SessionId::from).collect())
}

/// An instant plus a lifetime. Only a clock at the end of time fails.
pub(crate) fn after(at: Timestamp, life: SignedDuration) -> Result<Timestamp, StoreError> {
    at.checked_add(life).map_err(|error| StoreError::Corrupt(error.to_string()))
}
