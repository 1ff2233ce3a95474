//! Whether suppliers' systems can be asked about purchase orders, as they showed themselves: of the
//! installation. A supplier without a row was not asked yet.

use chrono::{DateTime, Utc};
use sea_orm::{IntoActiveModel as _, entity::prelude::*, sea_query::OnConflict};

use sha2::{Digest as _, Sha256};

use super::{Tx, suppliers};
use crate::ids::SupplierId;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "supplier_reads")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub supplier_id: SupplierId,
    /// A digest of the address that was asked: another one is a system that was not asked yet.
    pub endpoint: Vec<u8>,
    /// Whether it takes such questions at all.
    pub offered: bool,
    /// When that, or the problem, showed.
    pub since: DateTime<Utc>,
    /// What was wrong with the last answer.
    pub problem: Option<String>,
    /// Until then it is not asked again.
    pub ask_after: Option<DateTime<Utc>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What names the address of a supplier's system here; the address itself may hold what is nobody's business.
#[must_use]
pub fn digest(supplier: &suppliers::Model) -> Vec<u8> {
    Sha256::digest(supplier.endpoint.as_deref().unwrap_or_default()).to_vec()
}

pub async fn by_suppliers(db: &impl ConnectionTrait, suppliers: &[SupplierId]) -> Result<Vec<Model>, DbErr> {
    if suppliers.is_empty() {
        return Ok(Vec::new());
    }
    Entity::find()
        .filter(Column::SupplierId.is_in(suppliers.iter().copied()))
        .all(db)
        .await
}

pub async fn put(tx: &Tx, row: Model) -> Result<(), DbErr> {
    let columns = [
        Column::Endpoint,
        Column::Offered,
        Column::Since,
        Column::Problem,
        Column::AskAfter,
    ];
    let again = OnConflict::column(Column::SupplierId)
        .update_columns(columns)
        .to_owned();
    Entity::insert(row.into_active_model().reset_all())
        .on_conflict(again)
        .exec_without_returning(tx.conn())
        .await
        .map(drop)
}
