//! Operators: who runs the installation and signs for commands. Each has a token; nobody signs in as one over HTTP.
//!
//! The first one is made by whoever holds the installation, and is in office at once. Everybody else is made by an operator who signs
//! for it, and gets an invitation, good once and for a week: only with it do they get the token that they sign with, so whoever
//! made them never sees it. Two operators are two people as far as a program can see to it.

use std::collections::BTreeMap;

use diesel::{ExpressionMethods, NullableExpressionMethods, OptionalExtension, QueryDsl, Queryable, dsl::exists};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use jiff_diesel::ToDiesel;
use uuid::Uuid;

use super::{
    Store, StoreError, Tools,
    audit::{self, Deed},
    law::lives,
    schema::{installation, operators},
    sessions::after,
};
use crate::domain::{
    ids::OperatorId,
    secret::{Token, TokenHash, TokenKind},
};

/// How long an invitation can be taken up.
const INVITED_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A proof: somebody who showed the token of an operator that was not revoked. Minted here alone.
#[derive(Clone, Debug)]
pub struct Operator {
    operator: OperatorId,
    name: String,
    took_office_at: Timestamp,
}

impl Operator {
    /// Who.
    pub fn operator(&self) -> OperatorId {
        self.operator
    }
    /// What they are called; no other operator ever is.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// Since when they can sign.
    pub fn took_office_at(&self) -> Timestamp {
        self.took_office_at
    }
}

/// An operator as they are listed.
#[derive(Clone, Debug)]
pub struct ListedOperator {
    /// What they are called.
    pub name: String,
    /// When they were made.
    pub created_at: Timestamp,
    /// By whom; nobody signed for the first.
    pub created_by: Option<String>,
    /// Until when they can take up their invitation, if they have not.
    pub invited_until: Option<Timestamp>,
    /// Since when they can sign.
    pub took_office_at: Option<Timestamp>,
    /// Since when they cannot any more.
    pub revoked_at: Option<Timestamp>,
}

#[derive(Queryable)]
struct Row {
    id: Uuid,
    name: String,
    created_at: jiff_diesel::Timestamp,
    created_by: Option<Uuid>,
    invited_until: Option<jiff_diesel::Timestamp>,
    took_office_at: Option<jiff_diesel::Timestamp>,
    revoked_at: Option<jiff_diesel::Timestamp>,
}

/// Why no operator was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotMade {
    /// Somebody has or had this name.
    NameTaken,
    /// There is an operator in office, and none of them signed.
    Unsigned,
}

impl Store {
    /// Who shows this operator's token, if it lives.
    pub async fn operator(&self, token: TokenHash) -> Result<Option<Operator>, StoreError> {
        let mut conn = self.pool.get().await?;
        let row: Option<(Uuid, String, jiff_diesel::Timestamp)> = operators::table
            .filter(operators::token_hash.eq(token.as_bytes().to_vec()))
            .filter(operators::revoked_at.is_null())
            .select((operators::id, operators::name, operators::took_office_at.assume_not_null()))
            .first(&mut conn)
            .await
            .optional()?;
        Ok(row.map(|(id, name, since)| Operator { operator: id.into(), name, took_office_at: since.to_jiff() }))
    }

    /// Makes an operator. What comes back is shown once: the token of the first, who is in office at once, or the invitation of any other.
    pub async fn create_operator(
        &self,
        name: String,
        by: Option<Operator>,
    ) -> Result<Result<Token, NotMade>, StoreError> {
        let kind = if by.is_some() { TokenKind::Invitation } else { TokenKind::Operator };
        let shown = Token::mint(kind, self.world.bytes());
        let (id, hash): (OperatorId, _) = (self.world.id(), shown.hash());
        let made = self
            .write(move |conn, tools| {
                let (name, by) = (name.clone(), by.clone());
                async move { create(conn, &tools, id, &name, hash, by.as_ref()).await }.boxed()
            })
            .await?;
        Ok(made.map(|()| shown))
    }

    /// Takes up an invitation: gives its operator, who can sign from now on, and their token to show once. `None`: it is none,
    /// or not any more.
    pub async fn take_office(&self, invitation: TokenHash) -> Result<Option<(Operator, Token)>, StoreError> {
        let token = Token::mint(TokenKind::Operator, self.world.bytes());
        let hash = token.hash();
        let operator =
            self.write(move |conn, tools| async move { take(conn, &tools, invitation, hash).await }.boxed()).await?;
        Ok(operator.map(|operator| (operator, token)))
    }

    /// Every operator, the oldest first.
    pub async fn operators(&self) -> Result<Vec<ListedOperator>, StoreError> {
        let mut conn = self.pool.get().await?;
        let columns = (
            operators::id,
            operators::name,
            operators::created_at,
            operators::created_by,
            operators::invited_until,
            operators::took_office_at,
            operators::revoked_at,
        );
        let all = operators::table.order((operators::created_at, operators::id)).select(columns);
        let rows: Vec<Row> = all.load(&mut conn).await?;
        let names: BTreeMap<Uuid, String> = rows.iter().map(|row| (row.id, row.name.clone())).collect();
        let at = |time: Option<jiff_diesel::Timestamp>| time.map(|time| time.to_jiff());
        let listed = |row: Row| ListedOperator {
            name: row.name,
            created_at: row.created_at.to_jiff(),
            created_by: row.created_by.and_then(|id| names.get(&id).cloned()),
            invited_until: at(row.invited_until),
            took_office_at: at(row.took_office_at),
            revoked_at: at(row.revoked_at),
        };
        Ok(rows.into_iter().map(listed).collect())
    }

    /// Revokes an operator: their token signs for nothing any more. Platform keys that they made stay.
    pub async fn revoke_operator(&self, name: String, by: Option<Operator>) -> Result<(), StoreError> {
        self.write(move |conn, tools| {
            let (name, by) = (name.clone(), by.clone());
            async move {
                let live = operators::table.filter(operators::name.eq(name)).filter(operators::revoked_at.is_null());
                let revoked: Uuid = diesel::update(live)
                    .set(operators::revoked_at.eq(tools.world.now().to_diesel()))
                    .returning(operators::id)
                    .get_result(conn)
                    .await?;
                audit::record(conn, &tools, Deed::command(by.as_ref(), "operator.revoked").subject(revoked)).await
            }
            .boxed()
        })
        .await
    }
}

async fn create(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    id: OperatorId,
    name: &str,
    shown: TokenHash,
    by: Option<&Operator>,
) -> Result<Result<(), NotMade>, StoreError> {
    // One at a time: two who come first together are not both the first.
    installation::table.select(installation::epoch).for_update().first::<i64>(conn).await?;
    let signed = match by {
        Some(by) => lives(conn, by).await?,
        None => !somebody_is_in_office(conn).await?,
    };
    if !signed {
        return Ok(Err(NotMade::Unsigned));
    }
    let now = tools.world.now();
    let hash = shown.as_bytes().to_vec();
    let until = after(now, INVITED_FOR)?.to_diesel();
    let (invitation, token) =
        if by.is_some() { (Some((hash, until)), None) } else { (None, Some((hash, now.to_diesel()))) };
    let ((invitation_hash, invited_until), (token_hash, took_office_at)) = (invitation.unzip(), token.unzip());
    let made = diesel::insert_into(operators::table)
        .values((
            operators::id.eq(id.uuid()),
            operators::name.eq(name),
            operators::token_hash.eq(token_hash),
            operators::invitation_hash.eq(invitation_hash),
            operators::invited_until.eq(invited_until),
            operators::created_at.eq(now.to_diesel()),
            operators::created_by.eq(by.map(|by| by.operator().uuid())),
            operators::took_office_at.eq(took_office_at),
        ))
        .on_conflict(operators::name)
        .do_nothing()
        .execute(conn)
        .await?;
    if made == 0 {
        return Ok(Err(NotMade::NameTaken));
    }
    audit::record(conn, tools, Deed::command(by, "operator.created").subject(id.uuid())).await?;
    Ok(Ok(()))
}

async fn somebody_is_in_office(conn: &mut AsyncPgConnection) -> Result<bool, StoreError> {
    let living =
        operators::table.filter(operators::took_office_at.is_not_null()).filter(operators::revoked_at.is_null());
    Ok(diesel::select(exists(living)).get_result(conn).await?)
}

async fn take(
    conn: &mut AsyncPgConnection,
    tools: &Tools,
    invitation: TokenHash,
    token: TokenHash,
) -> Result<Option<Operator>, StoreError> {
    let now = tools.world.now();
    let invited = operators::table
        .filter(operators::invitation_hash.eq(invitation.as_bytes().to_vec()))
        .filter(operators::invited_until.gt(now.to_diesel()))
        .filter(operators::revoked_at.is_null());
    let row: Option<(Uuid, String)> = diesel::update(invited)
        .set((
            operators::token_hash.eq(token.as_bytes().to_vec()),
            operators::took_office_at.eq(now.to_diesel()),
            operators::invitation_hash.eq(None::<Vec<u8>>),
            operators::invited_until.eq(None::<jiff_diesel::Timestamp>),
        ))
        .returning((operators::id, operators::name))
        .get_result(conn)
        .await
        .optional()?;
    let Some((id, name)) = row else { return Ok(None) };
    let operator = Operator { operator: id.into(), name, took_office_at: now };
    audit::record(conn, tools, Deed::command(Some(&operator), "operator.took_office").subject(id)).await?;
    Ok(Some(operator))
}
