//! Asks a supplier's system how one purchase order stands, and takes what it had not reported
//! through the actions that take its reports.
//!
//! The sweep finds that there is something ([`super::ask_suppliers`]); this job asks again and
//! writes, in the order of the work on that order. A report that comes late finds it done.

use chrono::{DateTime, Utc};
use sea_orm::DbErr;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    acknowledge_purchase_order::{Acknowledgement, acknowledge_purchase_order},
    answer_cancellation::answer_cancellation,
    correct_tracking::correct_tracking,
    outgoing,
    record_shipment::record_shipment,
    route_order::follow_status,
    supplier_report::{OpenReport, ReportError, ReportScope},
};
use crate::{
    app::App,
    connectors::{CallKey, ConnectorError, ErrorClass, ReadAnswer, Target},
    domain::{
        event::{Actor, EventKind},
        parcel::Tracking,
        supplier_state::{Known, KnownLine, News, compare},
    },
    ids::{PurchaseOrderId, ShopId, ShopifyOrderId},
    queue::{Attempt, Job, JobError, Priority, order_key},
    store::{self, Party, po_lines, purchase_orders, shipments, suppliers},
};

/// Asks about one purchase order, and writes what is news.
#[derive(Debug, Serialize, Deserialize)]
pub struct AskSupplier {
    pub shop_id: ShopId,
    pub purchase_order_id: PurchaseOrderId,
    pub shopify_id: ShopifyOrderId,
}

impl Job for AskSupplier {
    const NAME: &'static str = "ask_supplier";
    const PRIORITY: Priority = Priority::Background;

    fn shop(&self) -> Option<ShopId> {
        Some(self.shop_id)
    }

    fn serial_key(&self) -> Option<String> {
        Some(order_key(self.shop_id, self.shopify_id))
    }

    fn dedupe_key(&self) -> Option<String> {
        Some(format!("ask:{}", self.purchase_order_id))
    }

    async fn run(&self, app: &App, attempt: Attempt) -> Result<(), JobError> {
        match self.ask(app).await {
            // The sweep asks again: nothing that a person must look at.
            Err(error) if attempt.is_last || matches!(error, JobError::GiveUp(_)) => {
                tracing::warn!(purchase_order = %self.purchase_order_id, %error, "a supplier is not asked on");
                Ok(())
            }
            done => done,
        }
    }
}

impl AskSupplier {
    async fn ask(&self, app: &App) -> Result<(), JobError> {
        let Some(po) = purchase_orders::by_id(app.db.read(), self.shop_id, self.purchase_order_id).await? else {
            return Ok(());
        };
        let Some(supplier) = suppliers::by_id(app.db.read(), po.supplier_id).await? else {
            return Ok(());
        };
        let target = outgoing::target(&app.keyring, &supplier).map_err(|error| JobError::retry(error.to_string()))?;
        match hear(app, &supplier, &target, &po).await? {
            Ok(Heard::News(news)) => take(app, &supplier, &po, news).await.map_err(|error| match error {
                ReportError::Database(error) => JobError::from(error),
                // Something else was written meanwhile: what is news is to be seen anew.
                other => JobError::retry(other.to_string()),
            }),
            Ok(Heard::Nothing(_) | Heard::NotThere | Heard::NotOffered { .. }) => Ok(()),
            Err(error) => Err(match error.class {
                ErrorClass::Never => JobError::GiveUp(error.message),
                ErrorClass::After(wait) => JobError::Retry {
                    reason: error.message,
                    after: Some(wait),
                },
                ErrorClass::Later | ErrorClass::Unknown => JobError::retry(error.message),
            }),
        }
    }
}

/// What came of a question.
#[derive(Debug)]
pub(super) enum Heard {
    News(News),
    /// It knows no more than we do; or only what cannot be used, which is said.
    Nothing(Vec<String>),
    NotThere,
    NotOffered {
        status: u16,
    },
}

/// Asks, and compares the answer with our books as they are by then.
pub(super) async fn hear(
    app: &App,
    supplier: &suppliers::Model,
    target: &Target,
    po: &purchase_orders::Model,
) -> Result<Result<Heard, ConnectorError>, DbErr> {
    let Some(reader) = app.connectors.of(supplier.connector).reader() else {
        return Ok(Ok(Heard::Nothing(Vec::new())));
    };
    let before = parcels(app, po).await?;
    let now = app.clock.now();
    let key = CallKey {
        webhook_id: format!("ask_{}", Uuid::now_v7()),
        occurred_at: now,
        attempted_at: now,
    };
    let answer = reader.read(target, &po.number, &key).await;
    let state = match answer {
        Ok(ReadAnswer::Known(state)) => state,
        Ok(ReadAnswer::NotThere) => return Ok(Ok(Heard::NotThere)),
        Ok(ReadAnswer::NotOffered { status }) => return Ok(Ok(Heard::NotOffered { status })),
        Err(error) => return Ok(Err(error)),
    };
    let Some((known, parcels)) = known(app, po).await? else {
        return Ok(Ok(Heard::Nothing(Vec::new())));
    };
    let mut news = compare(&known, &state, app.clock.now());
    // Tracking that was changed while the question was under way is later than the answer.
    let stands = |parcel: &&shipments::Model| {
        let mut before = before.iter();
        before.any(|was| was.id == parcel.id && was.tracking_version == parcel.tracking_version)
    };
    let standing: Vec<&str> = parcels
        .iter()
        .filter(stands)
        .map(|parcel| parcel.reference.as_str())
        .collect();
    news.tracking
        .retain(|(reference, _)| standing.contains(&reference.as_str()));
    Ok(Ok(if news.is_empty() {
        Heard::Nothing(news.unusable)
    } else {
        Heard::News(news)
    }))
}

async fn parcels(app: &App, po: &purchase_orders::Model) -> Result<Vec<shipments::Model>, DbErr> {
    shipments::seen_of_purchase_orders(app.db.read(), Party::Shop(po.shop_id), &[po.id]).await
}

/// Our books of a purchase order, and its parcels.
async fn known(app: &App, po: &purchase_orders::Model) -> Result<Option<(Known, Vec<shipments::Model>)>, DbErr> {
    let db = app.db.read();
    let Some(po) = purchase_orders::by_id(db, po.shop_id, po.id).await? else {
        return Ok(None);
    };
    let lines = po_lines::of_purchase_orders(db, po.shop_id, vec![po.id]).await?;
    let parcels = parcels(app, &po).await?;
    let tracking = |parcel: &shipments::Model| Tracking {
        carrier: parcel.carrier.clone(),
        number: parcel.tracking_number.clone(),
        url: parcel.tracking_url.clone(),
    };
    let line = |row: &po_lines::Model| KnownLine {
        line: row.id,
        progress: row.told(),
        asked_back: store::units(row.cancel_requested),
    };
    let known = Known {
        status: po.status,
        reference: po.supplier_reference,
        lines: lines.iter().map(line).collect(),
        parcels: parcels
            .iter()
            .map(|parcel| (parcel.reference.clone(), tracking(parcel)))
            .collect(),
    };
    Ok(Some((known, parcels)))
}

/// Writes what is news, each part by the action that takes such a report.
async fn take(
    app: &App,
    supplier: &suppliers::Model,
    po: &purchase_orders::Model,
    news: News,
) -> Result<(), ReportError> {
    let (scope, id) = (ReportScope::Supplier(supplier.id), po.id);
    let actor = Actor::Supplier(supplier.name.clone());
    begin(app, scope, po, &format!("{} {}", supplier.name, news.summary())).await?;
    if news.reference.is_some() || !news.answers.is_empty() {
        let said = Acknowledgement {
            reference: news.reference,
            lines: news.answers,
        };
        acknowledge_purchase_order(app, scope, id, &said, &actor).await?;
    }
    for parcel in news.parcels {
        record_shipment(app, scope, id, parcel, &actor).await?;
    }
    for (reference, tracking) in news.tracking {
        correct_tracking(app, scope, id, &reference, tracking, &actor).await?;
    }
    if news.agreed_to_cancel {
        match answer_cancellation(app, scope, id, true, None, &actor).await {
            // Answered by itself meanwhile.
            Ok(_) | Err(ReportError::NothingToAnswer) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Says in the history how it was found out. A supplier that answers has the purchase order.
async fn begin(app: &App, scope: ReportScope, po: &purchase_orders::Model, found: &str) -> Result<(), ReportError> {
    let now: DateTime<Utc> = app.clock.now();
    let (tx, mut report) = OpenReport::begin(app, scope, po.id).await?;
    let message = format!("{}: asked, because nothing was heard for long: {found}", po.number);
    report.event(&tx, now, &Actor::Orderyard, EventKind::Changed, message);
    report.prove_placed(&tx, now).await?;
    let progress = report.progress();
    report.save(&tx, &progress, now)?;
    follow_status(&tx, &report.shop, report.order.id).await?;
    tx.commit().await?;
    Ok(())
}
