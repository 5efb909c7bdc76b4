//! Statements that diesel would have Postgres plan anew each time, because a part of them is text.
//!
//! Diesel keeps a prepared statement only where it can see that the text cannot vary. Text of ours does not vary: it is written in the
//! source, and whatever varies is a bind parameter. Preparing again costs a round trip and a plan, which for a change was more than the
//! change itself.

use diesel::{
    AppearsOnTable, Expression, QueryResult, SelectableExpression,
    expression::{AsExpression, ValidGrouping},
    pg::Pg,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{Array, Bool, SingleValue},
};

/// A statement that each connection prepares once. Only for text that is the same every time.
pub(crate) struct Prepared<Q>(pub(crate) Q);

impl<Q: Query> Query for Prepared<Q> {
    type SqlType = Q::SqlType;
}

impl<Q> QueryId for Prepared<Q> {
    type QueryId = ();
    // It is found again by its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Prepared<Q> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }

    fn is_safe_to_cache_prepared(&self, _: &Pg) -> QueryResult<bool> {
        Ok(true)
    }
}

/// `column = any(of)` for look-ups of many by their keys, which Postgres plans once. Of a plain array it makes a plan for that very length,
/// anew each time, because that looks cheaper than one for any length; and planning was half of its work. Behind a sub-select it
/// cannot see the length.
#[derive(Clone, Debug, QueryId, ValidGrouping)]
pub(crate) struct Among<C, A> {
    column: C,
    of: A,
}

/// Whether a column is one of these.
pub(crate) fn among<C, A>(column: C, of: A) -> Among<C, A::Expression>
where
    C: Expression<SqlType: SingleValue>,
    A: AsExpression<Array<C::SqlType>>,
{
    Among { column, of: of.as_expression() }
}

impl<C, A> Expression for Among<C, A> {
    type SqlType = Bool;
}

impl<C: AppearsOnTable<T>, A: AppearsOnTable<T>, T> AppearsOnTable<T> for Among<C, A> {}

impl<C: SelectableExpression<T>, A: SelectableExpression<T>, T> SelectableExpression<T> for Among<C, A> {}

impl<C: QueryFragment<Pg>, A: QueryFragment<Pg>> QueryFragment<Pg> for Among<C, A> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        // Without the call, `any` would take it for a query of keys and not for one of an array.
        out.push_sql(" = any(coalesce((select ");
        self.of.walk_ast(out.reborrow())?;
        out.push_sql(")))");
        Ok(())
    }
}
