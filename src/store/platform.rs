//! Platform keys: made, listed and revoked by operators. Who shows one is found in [`super::key_ring`].

use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::RunQueryDsl;
use futures_util::FutureExt;
use jiff::Timestamp;
use jiff_diesel::ToDiesel;
use serde_json::json;
use uuid::Uuid;

use super::{
    Store, StoreError,
    audit::{self, Deed},
    operators::Operator,
    schema::platform_keys,
};
use crate::domain::{
    ids::PlatformKeyId,
    platform::Scopes,
    secret::{Token, TokenKind},
};

/// A platform key as an operator sees it.
#[derive(Clone, Debug)]
pub struct ListedKey {
    /// Names the key.
    pub key_id: PlatformKeyId,
    /// 1–60 visible characters.
    pub name: String,
    /// The words of its scopes, also those that this program does not know.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to a minute.
    pub last_used_at: Option<Timestamp>,
    /// Since when it opens nothing.
    pub revoked_at: Option<Timestamp>,
}

type KeyRow =
    (Uuid, String, Vec<String>, jiff_diesel::Timestamp, Option<jiff_diesel::Timestamp>, Option<jiff_diesel::Timestamp>);

impl Store {
    /// Makes a platform key and the token to show once.
    pub async fn create_platform_key(
        &self,
        name: String,
        scopes: Scopes,
        by: Option<Operator>,
    ) -> Result<(PlatformKeyId, Token), StoreError> {
        let token = Token::mint(TokenKind::Platform, self.world.bytes());
        let (id, hash): (PlatformKeyId, _) = (self.world.id(), token.hash());
        self.write(move |conn, tools| {
            let (name, by) = (name.clone(), by.clone());
            let words: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
            async move {
                diesel::insert_into(platform_keys::table)
                    .values((
                        platform_keys::id.eq(id.uuid()),
                        platform_keys::name.eq(name),
                        platform_keys::token_hash.eq(hash.as_bytes().to_vec()),
                        platform_keys::scopes.eq(&words),
                        platform_keys::created_at.eq(tools.world.now().to_diesel()),
                        platform_keys::created_by.eq(by.as_ref().map(|by| by.operator().uuid())),
                    ))
                    .execute(conn)
                    .await?;
                let deed = Deed::command(by.as_ref(), "platform_key.created").subject(id.uuid());
                audit::record(conn, &tools, deed.detail(json!({ "scopes": words }))).await
            }
            .boxed()
        })
        .await?;
        Ok((id, token))
    }

    /// Revokes a platform key. A node that has just looked it up goes on with it for [`super::key_ring::TRUSTED`] at most.
    pub async fn revoke_platform_key(&self, key: PlatformKeyId, by: Option<Operator>) -> Result<(), StoreError> {
        self.write(move |conn, tools| {
            let by = by.clone();
            async move {
                let live = platform_keys::table.find(key.uuid()).filter(platform_keys::revoked_at.is_null());
                let revoked = diesel::update(live)
                    .set(platform_keys::revoked_at.eq(tools.world.now().to_diesel()))
                    .execute(conn)
                    .await?;
                if revoked == 0 {
                    return Err(StoreError::NotFound);
                }
                let deed = Deed::command(by.as_ref(), "platform_key.revoked").subject(key.uuid());
                audit::record(conn, &tools, deed).await
            }
            .boxed()
        })
        .await
    }

    /// Every platform key, oldest first, those that were revoked included.
    pub async fn platform_keys(&self) -> Result<Vec<ListedKey>, StoreError> {
        let mut conn = self.pool.get().await?;
        let rows: Vec<KeyRow> = platform_keys::table
            .order(platform_keys::id)
            .select((
                platform_keys::id,
                platform_keys::name,
                platform_keys::scopes,
                platform_keys::created_at,
                platform_keys::last_used_at,
                platform_keys::revoked_at,
            ))
            .load(&mut conn)
            .await?;
        Ok(rows.into_iter().map(listed).collect())
    }
}

fn listed((id, name, scopes, created_at, last_used_at, revoked_at): KeyRow) -> ListedKey {
    ListedKey {
        key_id: id.into(),
        name,
        scopes,
        created_at: created_at.to_jiff(),
        last_used_at: last_used_at.map(|at| at.to_jiff()),
        revoked_at: revoked_at.map(|at| at.to_jiff()),
    }
}
