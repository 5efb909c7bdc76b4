//! Operators: who runs the installation and signs for commands. Each has a token; nobody signs in as one over HTTP.

use diesel::{ExpressionMethods, OptionalExtension, QueryDsl};
use diesel_async::RunQueryDsl;
use futures_util::FutureExt;
use jiff_diesel::ToDiesel;
use uuid::Uuid;

use super::{
    Store, StoreError,
    audit::{self, Deed},
    schema::operators,
};
use crate::domain::{
    ids::OperatorId,
    secret::{Token, TokenHash, TokenKind},
};

/// A proof: somebody who showed the token of an operator that was not revoked. Minted here alone.
#[derive(Clone, Debug)]
pub struct Operator {
    operator: OperatorId,
    name: String,
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
}

impl Store {
    /// Who shows this operator's token, if it lives.
    pub async fn operator(&self, token: TokenHash) -> Result<Option<Operator>, StoreError> {
        let mut conn = self.pool.get().await?;
        let row: Option<(Uuid, String)> = operators::table
            .filter(operators::token_hash.eq(token.as_bytes().to_vec()))
            .filter(operators::revoked_at.is_null())
            .select((operators::id, operators::name))
            .first(&mut conn)
            .await
            .optional()?;
        Ok(row.map(|(id, name)| Operator { operator: id.into(), name }))
    }

    /// Makes an operator and the token to show once. `None`: somebody has or had this name.
    pub async fn create_operator(&self, name: String, by: Option<Operator>) -> Result<Option<Token>, StoreError> {
        let token = Token::mint(TokenKind::Operator, self.world.bytes());
        let (id, hash): (OperatorId, _) = (self.world.id(), token.hash());
        let made = self
            .write(move |conn, tools| {
                let (name, by) = (name.clone(), by.clone());
                async move {
                    let made = diesel::insert_into(operators::table)
                        .values((
                            operators::id.eq(id.uuid()),
                            operators::name.eq(name),
                            operators::token_hash.eq(hash.as_bytes().to_vec()),
                            operators::created_at.eq(tools.world.now().to_diesel()),
                        ))
                        .on_conflict(operators::name)
                        .do_nothing()
                        .execute(conn)
                        .await?;
                    if made > 0 {
                        let deed = Deed::command(by.as_ref(), "operator.created").subject(id.uuid());
                        audit::record(conn, &tools, deed).await?;
                    }
                    Ok(made > 0)
                }
                .boxed()
            })
            .await?;
        Ok(made.then_some(token))
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
