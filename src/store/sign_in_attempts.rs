//! How often someone tried to sign in of late, by e-mail address and by network address.
//!
//! Rows belong to the installation and are forgotten after their window. The
//! subject is hashed: an address that was only guessed at is nobody's account.

use sea_orm::{Statement, entity::prelude::*, sea_query::Query};

use super::Tx;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sign_in_attempts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_hash: Vec<u8>,
    pub attempts: i32,
    pub since_ms: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Counts an attempt and says how many there were since the window began.
pub async fn count(tx: &Tx, subject_hash: &[u8], now_ms: i64, window_ms: i64) -> Result<i32, DbErr> {
    let sql = "insert into sign_in_attempts (subject_hash, attempts, since_ms) values ($1, 1, $2)
        on conflict (subject_hash) do update set
          attempts = case when sign_in_attempts.since_ms <= $3 then 1 else sign_in_attempts.attempts + 1 end,
          since_ms = case when sign_in_attempts.since_ms <= $3 then $2 else sign_in_attempts.since_ms end
        returning attempts";
    let values = [subject_hash.into(), now_ms.into(), (now_ms - window_ms).into()];
    let statement = Statement::from_sql_and_values(tx.conn().get_database_backend(), sql, values);
    let row = tx.conn().query_one_raw(statement).await?;
    row.map_or(Ok(1), |row| row.try_get_by_index(0))
}

/// Forgets the attempts of someone who then knew the password.
pub async fn forgive(tx: &Tx, subject_hash: &[u8]) -> Result<(), DbErr> {
    Entity::delete_by_id(subject_hash.to_vec())
        .exec(tx.conn())
        .await
        .map(drop)
}

/// Forgets what is older than the window, a bounded number at a time.
pub async fn forget_old(tx: &Tx, before_ms: i64) -> Result<(), DbErr> {
    let old = Query::select()
        .column(Column::SubjectHash)
        .from(Entity)
        .and_where(Column::SinceMs.lte(before_ms))
        .limit(100)
        .to_owned();
    Entity::delete_many()
        .filter(Column::SubjectHash.in_subquery(old))
        .exec(tx.conn())
        .await
        .map(drop)
}
