//! What is in a parcel.

use sea_orm::{QueryOrder as _, entity::prelude::*};

use super::{Party, paging, shipments};
use crate::ids::{PoLineId, RowId, ShipmentId, ShopId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "shipment_lines")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RowId,
    pub shop_id: ShopId,
    pub shipment_id: ShipmentId,
    pub po_line_id: PoLineId,
    pub quantity: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What is in some parcels of a shop.
pub async fn of_shipments(
    db: &impl ConnectionTrait,
    shop: ShopId,
    shipments: Vec<ShipmentId>,
) -> Result<Vec<Model>, DbErr> {
    if shipments.is_empty() {
        return Ok(Vec::new());
    }
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::ShipmentId.is_in(shipments))
        .order_by_asc(Column::Id)
        .all(db)
        .await
}

/// What is in each of many parcels.
pub async fn seen_of_shipments(
    db: &impl ConnectionTrait,
    party: Party,
    ids: &[ShipmentId],
) -> Result<Vec<Model>, DbErr> {
    let rows = Entity::find()
        .filter(Column::ShipmentId.is_in(ids.iter().copied()))
        .filter(Column::ShipmentId.in_subquery(shipments::ids_of(party)))
        .order_by_asc(Column::Id);
    paging::all(rows, db).await
}
