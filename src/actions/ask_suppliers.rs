//! The part of a sweep that asks suppliers' systems about purchase orders of which nothing was
//! heard for long: a report may have been lost on its way. A supplier that cannot be asked, is left
//! alone for now, or asks for patience is gone around.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};

use super::{
    ask_supplier::{AskSupplier, Heard, hear},
    outgoing,
    reconcile_shop::{Look, Next},
    repair::{Difference, Repair},
};
use crate::{
    app::App,
    connectors::{ConnectorError, ErrorClass},
    domain::{circuit::Subject, sweep::DifferenceKind},
    ids::{OrderId, SupplierId},
    queue::circuits,
    store::{
        connections, orders,
        purchase_orders::{self, Asked},
        shops, supplier_reads, suppliers,
        sweeps::Model as Sweep,
    },
};

/// Purchase orders in one go: one call after the other, so that a supplier is never asked twice at once.
const MOST: u64 = 20;
/// A supplier that cannot be asked is tried once more after this: systems are replaced.
const TRIED_AGAIN: TimeDelta = TimeDelta::days(7);
/// After a call that failed, and does not say when to come back.
const PAUSE: TimeDelta = TimeDelta::minutes(15);

/// How far the sweep has come among the shop's suppliers.
#[derive(Debug, Serialize, Deserialize)]
struct Cursor {
    supplier: SupplierId,
    /// The purchase order of the supplier's that was asked about last; none when they are done.
    asked: Option<Asked>,
}

/// Asks about the next purchase orders of one supplier. Of ours this changes nothing but what is
/// known of the supplier's system.
pub async fn look(app: &App, shop: &shops::Model, sweep: &Sweep) -> Result<Look, DbErr> {
    let cursor: Option<Cursor> = sweep.after.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let mut look = Look::of(0, Vec::new(), Next::Phase);
    let suppliers = with_readers(app, shop, cursor.as_ref()).await?;
    let ids: Vec<SupplierId> = suppliers.iter().map(|supplier| supplier.id).collect();
    let reads = supplier_reads::by_suppliers(app.db.read(), &ids).await?;
    let mut reads: BTreeMap<SupplierId, supplier_reads::Model> =
        reads.into_iter().map(|row| (row.supplier_id, row)).collect();
    for supplier in &suppliers {
        let seen = cursor.as_ref().filter(|cursor| cursor.supplier == supplier.id);
        let seen = seen.and_then(|cursor| cursor.asked);
        let system = System {
            app,
            supplier,
            read: reads.remove(&supplier.id),
            endpoint: supplier_reads::digest(supplier),
        };
        let before = app.clock.now() - TimeDelta::from_std(app.config.suppliers.ask_after).unwrap_or(TimeDelta::MAX);
        let silent = purchase_orders::silent(app.db.read(), shop.id, supplier.id, before, seen, MOST).await?;
        if silent.is_empty() {
            continue;
        }
        if let Some(why) = system.is_left_alone().await? {
            look.notes.push(format!("{} is not asked: {why}", supplier.name));
            continue;
        }
        let cursor = Cursor {
            supplier: supplier.id,
            asked: system.ask_about(shop, &silent, &mut look).await?,
        };
        look.next = Next::Page {
            after: serde_json::to_string(&cursor).map_err(|error| DbErr::Json(error.to_string()))?,
            reached: None,
        };
        break;
    }
    Ok(look)
}

/// The shop's suppliers whose connector can ask, by id, from where the sweep has come to.
async fn with_readers(app: &App, shop: &shops::Model, cursor: Option<&Cursor>) -> Result<Vec<suppliers::Model>, DbErr> {
    let connected = connections::of_shop(app.db.read(), shop.id).await?;
    let is_ahead = |id: SupplierId| {
        cursor.is_none_or(|cursor| id > cursor.supplier || (id == cursor.supplier && cursor.asked.is_some()))
    };
    let ids = connected.iter().map(|connection| connection.supplier_id);
    let mut found = suppliers::by_ids(app.db.read(), ids.filter(|id| is_ahead(*id)).collect()).await?;
    found.retain(|supplier| app.connectors.of(supplier.connector).reader().is_some());
    found.sort_unstable_by_key(|supplier| supplier.id);
    Ok(found)
}

/// A supplier's system, and what is known of it.
struct System<'a> {
    app: &'a App,
    supplier: &'a suppliers::Model,
    read: Option<supplier_reads::Model>,
    endpoint: Vec<u8>,
}

impl System<'_> {
    /// Why it is not asked now, if so.
    async fn is_left_alone(&self) -> Result<Option<String>, DbErr> {
        let now = self.app.clock.now();
        if let Some(read) = self.read.as_ref().filter(|read| read.endpoint == self.endpoint) {
            let problem = read.problem.clone().unwrap_or_default();
            if !read.offered && now < read.since + TRIED_AGAIN {
                return Ok(Some(problem));
            }
            // Far ahead it was written by a clock that was wrong.
            let is_ahead = |at: &DateTime<Utc>| now < *at && *at < now + TimeDelta::days(2);
            if read.ask_after.as_ref().is_some_and(is_ahead) {
                return Ok(Some(problem));
            }
        }
        let (subject, at) = (Subject::Supplier(self.supplier.id), self.app.db.lease_now().await?);
        // Where one call may be due to find out whether it is back, that is for a call with an effect.
        Ok(match circuits::look(self.app.db.read(), subject, at).await? {
            Some(Ok(_)) => None,
            Some(Err(shut)) => Some(shut.to_string()),
            None => Some("its calls failed".to_owned()),
        })
    }

    /// Asks about one purchase order after the other, and says after which one to go on; none where the
    /// supplier is done with, or is not to be asked on.
    async fn ask_about(
        &self,
        shop: &shops::Model,
        silent: &[purchase_orders::Model],
        look: &mut Look,
    ) -> Result<Option<Asked>, DbErr> {
        let db = self.app.db.read();
        let ids: Vec<OrderId> = silent.iter().map(|po| po.order_id).collect();
        let orders = orders::by_ids(db, shop.id, &ids).await?;
        let of: BTreeMap<OrderId, _> = orders.iter().map(|order| (order.id, order.shopify_id)).collect();
        let target = match outgoing::target(&self.app.keyring, self.supplier) {
            Ok(target) => target,
            Err(error) => {
                look.notes.push(format!("{} is not asked: {error}", self.supplier.name));
                return Ok(None);
            }
        };
        let mut last = None;
        for po in silent {
            if last.is_some() && self.app.stopping.is_cancelled() {
                return Ok(last);
            }
            last = po.asked_at.or(po.sent_at).map(|at| (at, po.id));
            let heard = match hear(self.app, self.supplier, &target, po).await? {
                Ok(heard) => heard,
                Err(error) => {
                    // One that cannot be answered must not stand before the others for ever.
                    if !matches!(error.class, ErrorClass::After(_)) {
                        look.asked.push(po.id);
                    }
                    return self.failed(&error, look).await.map(|()| None);
                }
            };
            look.asked.push(po.id);
            match heard {
                Heard::NotOffered { status } => {
                    let why = format!("its system answers {status} to questions about purchase orders");
                    self.write(false, Some(why.clone()), None).await?;
                    look.notes
                        .push(format!("{} cannot be asked: {why}", self.supplier.name));
                    return Ok(None);
                }
                Heard::NotThere => look.notes.push(format!(
                    "{} says that it does not have {}",
                    self.supplier.name, po.number
                )),
                Heard::Nothing(unusable) => look.notes.extend(unusable.into_iter().map(|what| {
                    let name = &self.supplier.name;
                    format!("{name} says of {} what cannot be used: {what}", po.number)
                })),
                Heard::News(_) => {
                    let Some(shopify_id) = of.get(&po.order_id).copied() else {
                        continue;
                    };
                    look.differences.push(Difference {
                        kind: DifferenceKind::SupplierReport,
                        what: po.number.clone(),
                        since: po.updated_at,
                        repair: Repair::Ask(AskSupplier {
                            shop_id: shop.id,
                            purchase_order_id: po.id,
                            shopify_id,
                        }),
                    });
                }
            }
        }
        self.write(true, None, None).await?;
        Ok(last.filter(|_| silent.len() as u64 == MOST))
    }

    /// It is left alone for a while, for as long as it asks.
    async fn failed(&self, error: &ConnectorError, look: &mut Look) -> Result<(), DbErr> {
        let wait = match error.class {
            ErrorClass::After(wait) => TimeDelta::from_std(wait).unwrap_or(PAUSE),
            _ => PAUSE,
        };
        let problem = error.message.clone();
        look.notes
            .push(format!("{} cannot be asked: {problem}", self.supplier.name));
        self.write(true, Some(problem), Some(self.app.clock.now() + wait)).await
    }

    /// Writes what its system showed itself to be, where that is new.
    async fn write(
        &self,
        offered: bool,
        problem: Option<String>,
        ask_after: Option<DateTime<Utc>>,
    ) -> Result<(), DbErr> {
        let as_before = |read: &&supplier_reads::Model| {
            read.endpoint == self.endpoint && (read.offered, &read.problem) == (offered, &problem)
        };
        let before = self.read.as_ref().filter(as_before);
        if offered && ask_after.is_none() && before.is_some_and(|read| read.ask_after.is_none()) {
            return Ok(());
        }
        let now = self.app.clock.now();
        let row = supplier_reads::Model {
            supplier_id: self.supplier.id,
            endpoint: self.endpoint.clone(),
            offered,
            since: before.filter(|_| offered).map_or(now, |read| read.since),
            problem,
            ask_after,
        };
        let tx = self.app.db.begin().await?;
        supplier_reads::put(&tx, row).await?;
        tx.commit().await
    }
}
