//! Pieces of an offer that purchase orders count on, and that the supplier's last
//! figure does not tell of. An offer's `reserved` is the sum of its rows.
//!
//! Rows are added under their order's lock and with one conditional update of the
//! offer, the last thing before the commit: who finds too little left rolls back and
//! routes again. They are lowered only by whoever holds the lock of the offer, and
//! offers are locked by id, all that a transaction needs at once: so no jobs wait in a circle.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sea_orm::{
    DbBackend, QueryOrder as _, QuerySelect as _, QueryTrait as _, Statement, Value, entity::prelude::*,
    sea_query::ExprTrait as _,
};

use super::{
    Tx, offers,
    pending::{Must, Write},
};
use crate::ids::{OfferId, OrderId, PoLineId, ShopId};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reservations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub po_line_id: PoLineId,
    pub shop_id: ShopId,
    pub order_id: OrderId,
    pub offer_id: OfferId,
    pub pieces: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// What a line's supplier has said nothing about.
const UNANSWERED: &str =
    "(quantity - rejected - cancelled - case when accepted > shipped then accepted else shipped end)";

/// Lines that begin to reserve at once.
const MOST_LINES: u64 = 500;

/// What an order's lines reserve.
pub async fn of_order(db: &impl ConnectionTrait, shop: ShopId, order: OrderId) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::OrderId.eq(order))
        .order_by_asc(Column::PoLineId)
        .all(db)
        .await
}

/// Some orders of a shop whose unsent purchase orders reserve any of the offers, by id.
pub async fn unsent_orders_with(
    db: &impl ConnectionTrait,
    shop: ShopId,
    offers: &BTreeSet<OfferId>,
    limit: u64,
) -> Result<Vec<OrderId>, DbErr> {
    if offers.is_empty() {
        return Ok(Vec::new());
    }
    // The statuses in these words, because they are the index's.
    let lines = "po_line_id in (select l.id from purchase_orders p join po_lines l on l.purchase_order_id = p.id \
                 where p.shop_id = reservations.shop_id and p.status in ('draft','placing'))";
    Entity::find()
        .filter(Column::ShopId.eq(shop))
        .filter(Column::OfferId.is_in(offers.iter().copied()))
        .filter(Expr::cust(lines))
        .select_only()
        .column(Column::OrderId)
        .distinct()
        .order_by_asc(Column::OrderId)
        .limit(super::paging::capped(limit))
        .into_tuple()
        .all(db)
        .await
}

/// Reserves pieces of offers whose stock is known. Where fewer are left the transaction fails with its commit, or
/// with what it reads next of them.
pub fn take(tx: &Tx, rows: Vec<Model>) -> Result<(), DbErr> {
    let wanted = by_offer(&rows);
    if wanted.is_empty() {
        return Ok(());
    }
    super::insert_all(tx, rows)?;
    if tx.get_database_backend() != DbBackend::Postgres {
        // The only writer: what it read when it decided still stands.
        for (offer, pieces) in wanted {
            let more = Expr::col(offers::Column::Reserved).add(pieces);
            let update = offers::Entity::update_many()
                .col_expr(offers::Column::Reserved, more)
                .filter(offers::Column::Id.eq(offer));
            tx.write(Write::any::<offers::Entity>(update.build(tx.get_database_backend())));
        }
        return Ok(());
    }
    let must = Must {
        rows: u64::try_from(wanted.len()).unwrap_or(u64::MAX),
        or: TAKEN_MEANWHILE,
    };
    tx.write(Write::counted::<offers::Entity>(conditional(wanted), must));
    Ok(())
}

const TAKEN_MEANWHILE: &str = "the last pieces of an offer were taken meanwhile: to be routed again";

fn by_offer(rows: &[Model]) -> BTreeMap<OfferId, i32> {
    let mut wanted = BTreeMap::new();
    for row in rows {
        let sum: &mut i32 = wanted.entry(row.offer_id).or_default();
        *sum = sum.saturating_add(row.pieces);
    }
    wanted
}

/// One statement for all offers, which are locked in the order of their ids.
fn conditional(wanted: BTreeMap<OfferId, i32>) -> Statement {
    let mut values: Vec<Value> = Vec::with_capacity(wanted.len() * 2);
    let mut rows = Vec::with_capacity(wanted.len());
    for (offer, pieces) in wanted {
        values.extend([offer.into(), pieces.into()]);
        rows.push(format!("(${}::uuid, ${}::integer)", values.len() - 1, values.len()));
    }
    let sql = format!(
        "with wanted (id, pieces) as (values {}), \
         locked as materialized (select id from offers where id in (select id from wanted) order by id for no key update) \
         update offers set reserved = offers.reserved + wanted.pieces from wanted, locked \
         where offers.id = wanted.id and locked.id = wanted.id \
         and (offers.stock is null or offers.reserved + wanted.pieces <= offers.stock)",
        rows.join(", ")
    );
    Statement::from_sql_and_values(DbBackend::Postgres, sql, values)
}

/// Lowers what an order's lines reserve to what is given for them, and reserves new pieces. True where pieces
/// became free.
pub async fn settle(
    tx: &Tx,
    shop: ShopId,
    order: OrderId,
    most: &BTreeMap<PoLineId, u32>,
    new: Vec<Model>,
) -> Result<bool, DbErr> {
    let lower = |row: &Model| {
        let most = most.get(&row.po_line_id).copied().map(super::column)?;
        (row.pieces > most).then_some((row.po_line_id, most))
    };
    let held = of_order(tx.conn(), shop, order).await?;
    let touched: BTreeSet<OfferId> = held
        .iter()
        .filter(|row| lower(row).is_some())
        .map(|row| row.offer_id)
        .collect();
    if touched.is_empty() {
        take(tx, new)?;
        return Ok(false);
    }
    let wanted: BTreeSet<OfferId> = new.iter().map(|row| row.offer_id).collect();
    let all: Vec<OfferId> = touched.union(&wanted).copied().collect();
    offers::lock(tx, all.clone()).await?;
    // Read again: a figure of the supplier's may have lowered them meanwhile.
    for row in of_order(tx.conn(), shop, order).await? {
        let Some((line, most)) = lower(&row) else { continue };
        if most == 0 {
            Entity::delete_by_id(line).exec(tx.conn()).await?;
        } else {
            super::save(tx, Model { pieces: most, ..row })?;
        }
    }
    super::insert_all(tx, new)?;
    recount(tx, &all).await?;
    let short = offers::Entity::find()
        .filter(offers::Column::Id.is_in(wanted))
        .filter(Expr::col(offers::Column::Reserved).gt(Expr::col(offers::Column::Stock)));
    match short.one(tx.conn()).await? {
        None => Ok(true),
        Some(_) => Err(DbErr::Custom(TAKEN_MEANWHILE.to_owned())),
    }
}

/// What suppliers newly say of their stock tells of whatever they accepted or shipped: that is
/// reserved no more. A figure `as_of` a time before tells only of purchase orders that have not changed since.
/// `first_told` had no figure before, so nothing was reserved of them, although purchase orders may be
/// unanswered. The offers must be locked. True where pieces became free.
pub async fn reflect(
    tx: &Tx,
    told: &[OfferId],
    first_told: &[OfferId],
    as_of: Option<DateTime<Utc>>,
) -> Result<bool, DbErr> {
    if told.is_empty() {
        return Ok(false);
    }
    let unanswered = |at: &str| format!("(select {UNANSWERED} from po_lines where po_lines.id = {at}.po_line_id)");
    let lower = Entity::update_many()
        .col_expr(Column::Pieces, Expr::cust(unanswered("reservations")))
        .filter(Column::OfferId.is_in(told.iter().copied()))
        .filter(Expr::cust(format!("pieces > {}", unanswered("reservations"))));
    let lower = match as_of {
        Some(as_of) => lower.filter(Expr::exists(changed_since("reservations.po_line_id", as_of)).not()),
        None => lower,
    };
    let lowered = lower.exec(tx.conn()).await?.rows_affected;
    Entity::delete_many()
        .filter(Column::OfferId.is_in(told.iter().copied()))
        .filter(Column::Pieces.lte(0))
        .exec(tx.conn())
        .await?;
    // What one page reserves is not on the next.
    let mut is_page_full = !first_told.is_empty();
    while is_page_full {
        let rows = not_told_of(tx, first_told, as_of).await?;
        is_page_full = rows.len() as u64 == MOST_LINES;
        super::insert_all(tx, rows)?;
    }
    recount(tx, told).await?;
    Ok(lowered > 0)
}

/// The purchase order of a line that the outer query is about, if anything became of it after a time.
fn changed_since(line: &str, at: DateTime<Utc>) -> sea_orm::sea_query::SelectStatement {
    let its = format!("purchase_orders.id = (select l.purchase_order_id from po_lines l where l.id = {line})");
    let changed = super::purchase_orders::Entity::find()
        .filter(super::purchase_orders::Column::UpdatedAt.gt(at))
        .filter(Expr::cust(its));
    ids(changed)
}

/// Some lines of offers that reserve nothing yet, of what their first figure does not tell of: what is unanswered,
/// and what was answered after it.
async fn not_told_of(tx: &Tx, offers: &[OfferId], as_of: Option<DateTime<Utc>>) -> Result<Vec<Model>, DbErr> {
    let found = offers::Entity::find()
        .filter(offers::Column::Id.is_in(offers.iter().copied()))
        .all(tx.conn())
        .await?;
    let suppliers: BTreeSet<_> = found.iter().map(|offer| offer.supplier_id).collect();
    let unanswered = Expr::cust(format!("{UNANSWERED} > 0"));
    let open = super::purchase_orders::Entity::find()
        .filter(super::purchase_orders::Column::SupplierId.is_in(suppliers))
        .filter(Expr::cust(
            "status in ('draft','placing','outcome_unknown','placed','accepted','partly_shipped','cancel_requested')",
        ));
    let lines = super::po_lines::Entity::find()
        .filter(super::po_lines::Column::OfferId.is_in(offers.iter().copied()))
        .filter(super::po_lines::Column::PurchaseOrderId.in_subquery(ids(open)))
        .filter(match as_of {
            None => unanswered,
            Some(as_of) => unanswered.or(answered_after(as_of)),
        })
        .filter(Expr::cust(
            "not exists (select 1 from reservations where reservations.po_line_id = po_lines.id)",
        ))
        .limit(MOST_LINES)
        .all(tx.conn())
        .await?;
    let of: Vec<_> = lines.iter().map(|line| line.purchase_order_id).collect();
    let orders: BTreeMap<_, _> = super::purchase_orders::Entity::find()
        .filter(super::purchase_orders::Column::Id.is_in(of))
        .all(tx.conn())
        .await?
        .into_iter()
        .map(|po| (po.id, po))
        .collect();
    let row = |line: super::po_lines::Model| {
        let po = orders.get(&line.purchase_order_id)?;
        let progress = line.progress();
        let pieces = match as_of {
            Some(as_of) if po.updated_at > as_of => {
                progress.quantity.saturating_sub(progress.rejected + progress.cancelled)
            }
            _ => progress.unanswered(),
        };
        Some(Model {
            po_line_id: line.id,
            shop_id: line.shop_id,
            order_id: po.order_id,
            offer_id: line.offer_id,
            pieces: super::column(pieces),
        })
    };
    Ok(lines.into_iter().filter_map(row).collect())
}

fn answered_after(as_of: DateTime<Utc>) -> Expr {
    Expr::cust("quantity > rejected + cancelled").and(Expr::exists(changed_since("po_lines.id", as_of)))
}

fn ids(open: Select<super::purchase_orders::Entity>) -> sea_orm::sea_query::SelectStatement {
    let mut open = open.select_only().column(super::purchase_orders::Column::Id);
    sea_orm::QuerySelect::query(&mut open).to_owned()
}

/// Writes the sum of its rows on each offer, which must be locked.
async fn recount(tx: &Tx, of: &[OfferId]) -> Result<(), DbErr> {
    let sum = "(select coalesce(sum(pieces), 0) from reservations where reservations.offer_id = offers.id)";
    offers::Entity::update_many()
        .col_expr(offers::Column::Reserved, Expr::cust(sum))
        .filter(offers::Column::Id.is_in(of.iter().copied()))
        .exec(tx.conn())
        .await
        .map(drop)
}
