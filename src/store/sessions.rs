//! Signed-in browsers.

use chrono::{DateTime, Utc};
use sea_orm::{
    FromQueryResult, Statement,
    entity::prelude::*,
    sea_query::{Query, SelectStatement},
};

use super::{Tx, memberships::Role};
use crate::ids::{RowId, ShopId, SupplierId, UserId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub token_hash: Vec<u8>,
    pub user_id: UserId,
    pub membership_id: RowId,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Who a session belongs to.
#[derive(Clone, Debug, FromQueryResult)]
pub struct SignedIn {
    pub user_id: UserId,
    pub email: String,
    pub name: String,
    pub shop_id: Option<ShopId>,
    pub supplier_id: Option<SupplierId>,
    pub supplier_name: Option<String>,
    pub role: Role,
}

/// Who is signed in with a token; none when it is unknown or over, or the shop has left.
pub async fn signed_in(
    db: &impl ConnectionTrait,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<SignedIn>, DbErr> {
    let sql = "select u.id as user_id, u.email, u.name, m.shop_id, m.supplier_id, p.name as supplier_name, m.role
        from sessions s join memberships m on m.id = s.membership_id join users u on u.id = s.user_id
        left join suppliers p on p.id = m.supplier_id left join shops h on h.id = m.shop_id
        where s.token_hash = $1 and s.expires_at > $2 and (m.shop_id is null or h.status <> 'uninstalled')";
    let values = [token_hash.into(), now.into()];
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    SignedIn::find_by_statement(statement).one(db).await
}

pub async fn end(tx: &Tx, token_hash: &[u8]) -> Result<(), DbErr> {
    Entity::delete_by_id(token_hash.to_vec())
        .exec(tx.conn())
        .await
        .map(drop)
}

/// Signs everybody out who came in by one of some memberships.
pub(super) async fn end_of_memberships(tx: &Tx, memberships: SelectStatement) -> Result<(), DbErr> {
    Entity::delete_many()
        .filter(Column::MembershipId.in_subquery(memberships))
        .exec(tx.conn())
        .await
        .map(drop)
}

/// Forgets sessions that are over, a bounded number at a time.
pub async fn forget_expired(tx: &Tx, now: DateTime<Utc>) -> Result<(), DbErr> {
    let over = Query::select()
        .column(Column::TokenHash)
        .from(Entity)
        .and_where(Column::ExpiresAt.lte(now))
        .limit(100)
        .to_owned();
    Entity::delete_many()
        .filter(Column::TokenHash.in_subquery(over))
        .exec(tx.conn())
        .await
        .map(drop)
}
