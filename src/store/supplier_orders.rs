//! Purchase orders as their supplier sees them: across shops, without what was never sent,
//! with their lines and parcels.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, QueryOrder as _, QuerySelect as _, entity::prelude::*};

use super::{po_lines, purchase_orders, shipment_lines, shipments, shops};
use crate::{
    domain::purchase_order::PurchaseOrderStatus,
    ids::{PurchaseOrderId, ShipmentId, ShopId, SupplierId},
};

/// A purchase order with all that a supplier may know of it.
#[derive(Clone, Debug)]
pub struct SupplierOrder {
    pub purchase_order: purchase_orders::Model,
    pub shop_name: String,
    pub shop_domain: String,
    pub lines: Vec<po_lines::Model>,
    pub shipments: Vec<(shipments::Model, Vec<shipment_lines::Model>)>,
}

/// Which purchase orders a supplier asks for.
#[derive(Clone, Debug, Default)]
pub struct SupplierOrderFilter {
    /// Any of these; empty means all.
    pub statuses: Vec<PurchaseOrderStatus>,
    pub updated_since: Option<DateTime<Utc>>,
    /// Those after this one, in the order they were made.
    pub after: Option<PurchaseOrderId>,
}

pub async fn by_id(
    db: &impl ConnectionTrait,
    supplier: SupplierId,
    id: PurchaseOrderId,
) -> Result<Option<purchase_orders::Model>, DbErr> {
    known_to(supplier)
        .filter(purchase_orders::Column::Id.eq(id))
        .one(db)
        .await
}

pub async fn by_number(
    db: &impl ConnectionTrait,
    supplier: SupplierId,
    number: &str,
) -> Result<Option<purchase_orders::Model>, DbErr> {
    known_to(supplier)
        .filter(purchase_orders::Column::Number.eq(number))
        .one(db)
        .await
}

/// Whether a purchase order exists that is another supplier's: somebody tries
/// what is not theirs. Says nothing else about it.
pub async fn is_foreign(
    db: &impl ConnectionTrait,
    supplier: SupplierId,
    id: Option<PurchaseOrderId>,
    number: &str,
) -> Result<bool, DbErr> {
    let named = match id {
        Some(id) => purchase_orders::Column::Id.eq(id),
        None => purchase_orders::Column::Number.eq(number),
    };
    let found = purchase_orders::Entity::find()
        .filter(named)
        .filter(purchase_orders::Column::SupplierId.ne(supplier));
    Ok(found.one(db).await?.is_some())
}

/// One page in the order they were made, the oldest first.
pub async fn page(
    db: &impl ConnectionTrait,
    supplier: SupplierId,
    filter: &SupplierOrderFilter,
    limit: u64,
) -> Result<Vec<purchase_orders::Model>, DbErr> {
    let mut rows = known_to(supplier);
    if !filter.statuses.is_empty() {
        rows = rows.filter(purchase_orders::Column::Status.is_in(filter.statuses.iter().copied()));
    }
    if let Some(since) = filter.updated_since {
        rows = rows.filter(purchase_orders::Column::UpdatedAt.gte(since));
    }
    if let Some(after) = filter.after {
        rows = rows.filter(purchase_orders::Column::Id.gt(after));
    }
    rows.order_by_asc(purchase_orders::Column::Id)
        .limit(limit.min(super::MAX_PAGE))
        .all(db)
        .await
}

/// Reads what belongs to purchase orders of one supplier: five statements, however many they are.
pub async fn with_details(
    db: &impl ConnectionTrait,
    supplier: SupplierId,
    orders: Vec<purchase_orders::Model>,
) -> Result<Vec<SupplierOrder>, DbErr> {
    let ids: Vec<PurchaseOrderId> = orders.iter().map(|order| order.id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut lines = lines_of(db, supplier, &ids).await?;
    let mut parcels = parcels_of(db, supplier, &ids).await?;
    let shop_ids: Vec<ShopId> = orders.iter().map(|order| order.shop_id).collect();
    let labels: Vec<(ShopId, String, String)> = shops::Entity::find()
        .filter(shops::Column::Id.is_in(shop_ids))
        .select_only()
        .columns([shops::Column::Id, shops::Column::Name, shops::Column::Domain])
        .into_tuple()
        .all(db)
        .await?;
    let detailed = orders.into_iter().map(|order| {
        let label = labels.iter().find(|(id, ..)| *id == order.shop_id);
        SupplierOrder {
            shop_name: label.map(|(_, name, _)| name.clone()).unwrap_or_default(),
            shop_domain: label.map(|(.., domain)| domain.clone()).unwrap_or_default(),
            lines: lines.remove(&order.id).unwrap_or_default(),
            shipments: parcels.remove(&order.id).unwrap_or_default(),
            purchase_order: order,
        }
    });
    Ok(detailed.collect())
}

type Parcels = Vec<(shipments::Model, Vec<shipment_lines::Model>)>;

async fn lines_of(
    db: &impl ConnectionTrait,
    supplier: SupplierId,
    ids: &[PurchaseOrderId],
) -> Result<BTreeMap<PurchaseOrderId, Vec<po_lines::Model>>, DbErr> {
    let rows = po_lines::Entity::find()
        .filter(po_lines::Column::SupplierId.eq(supplier))
        .filter(po_lines::Column::PurchaseOrderId.is_in(ids.iter().copied()))
        .order_by_asc(po_lines::Column::Position)
        .all(db)
        .await?;
    let mut lines: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in rows {
        lines.entry(row.purchase_order_id).or_default().push(row);
    }
    Ok(lines)
}

async fn parcels_of(
    db: &impl ConnectionTrait,
    supplier: SupplierId,
    ids: &[PurchaseOrderId],
) -> Result<BTreeMap<PurchaseOrderId, Parcels>, DbErr> {
    let rows = shipments::Entity::find()
        .filter(shipments::Column::SupplierId.eq(supplier))
        .filter(shipments::Column::PurchaseOrderId.is_in(ids.iter().copied()))
        .order_by_asc(shipments::Column::Id)
        .all(db)
        .await?;
    let parcel_ids: Vec<ShipmentId> = rows.iter().map(|row| row.id).collect();
    let mut contents: BTreeMap<ShipmentId, Vec<shipment_lines::Model>> = BTreeMap::new();
    if !parcel_ids.is_empty() {
        let lines = shipment_lines::Entity::find()
            .filter(shipment_lines::Column::ShipmentId.is_in(parcel_ids))
            .order_by_asc(shipment_lines::Column::Id)
            .all(db)
            .await?;
        for line in lines {
            contents.entry(line.shipment_id).or_default().push(line);
        }
    }
    let mut parcels: BTreeMap<PurchaseOrderId, Parcels> = BTreeMap::new();
    for row in rows {
        let content = contents.remove(&row.id).unwrap_or_default();
        parcels.entry(row.purchase_order_id).or_default().push((row, content));
    }
    Ok(parcels)
}

fn known_to(supplier: SupplierId) -> Select<purchase_orders::Entity> {
    purchase_orders::Entity::find()
        .filter(purchase_orders::Column::SupplierId.eq(supplier))
        .filter(purchase_orders::Column::SentAt.is_not_null())
}
