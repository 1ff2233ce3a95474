//! Door 3: the job registry and the loop that runs what is due.

mod carry_out;
mod rounds;
mod upkeep;

use std::{
    future::Future,
    pin::Pin,
    time::{Duration, Instant},
};

use rounds::Holding;
use upkeep::{keep_leases, keep_schedules, release_leases};

use crate::{
    actions::{
        accept_matches::AcceptMatches, ask_supplier::AskSupplier, cancel_purchase_order::CancelPurchaseOrder,
        chase_rest::ChaseRest, chase_silence::ChaseSilence, confirm_uninstall::ConfirmUninstall,
        follow_dates::FollowDates, forget_product::ForgetProduct, import_order::ImportOrder, keep_tokens::KeepTokens,
        match_variants::MatchVariants, place_purchase_order::PlacePurchaseOrder, process_delivery::ProcessDelivery,
        prune_history::PruneHistory, push_fulfillment::PushFulfillment, rate_suppliers::RateSuppliers, read_inbox,
        reconcile_shop::ReconcileShop, reconcile_shops::ReconcileShops, redact_customer::Redact,
        replan_orders::ReplanOrders, revisit_orders::RevisitOrders, revive_shop::ReviveShop, route_order::RouteOrder,
        run_what_if::RunWhatIf, sync_shop::SyncShop, sync_variants::SyncVariants, update_tracking::UpdateTracking,
    },
    app::App,
    queue::{
        Attempt, Job, JobError,
        periodic::{Periodic, every},
    },
};

/// How often a worker looks without being woken: the net under the wake-ups.
const POLL: Duration = Duration::from_millis(200);
/// The same while other nodes tell this one of their jobs.
const POLL_WHEN_WOKEN: Duration = Duration::from_secs(1);

type Running<'a> = Pin<Box<dyn Future<Output = Result<(), JobError>> + Send + 'a>>;
type Runner = for<'a> fn(&'a str, &'a App, Attempt) -> Running<'a>;

/// Every job there is. A name that is retired stays until none of it can wait.
const REGISTRY: &[(&str, Runner)] = &[
    (ProcessDelivery::NAME, run::<ProcessDelivery>),
    (ImportOrder::NAME, run::<ImportOrder>),
    (RouteOrder::NAME, run::<RouteOrder>),
    (PlacePurchaseOrder::NAME, run::<PlacePurchaseOrder>),
    (CancelPurchaseOrder::NAME, run::<CancelPurchaseOrder>),
    (PushFulfillment::NAME, run::<PushFulfillment>),
    (UpdateTracking::NAME, run::<UpdateTracking>),
    (AskSupplier::NAME, run::<AskSupplier>),
    (SyncShop::NAME, run::<SyncShop>),
    (SyncVariants::NAME, run::<SyncVariants>),
    (ForgetProduct::NAME, run::<ForgetProduct>),
    (ConfirmUninstall::NAME, run::<ConfirmUninstall>),
    (Redact::NAME, run::<Redact>),
    (KeepTokens::NAME, run::<KeepTokens>),
    (RevisitOrders::NAME, run::<RevisitOrders>),
    (ReviveShop::NAME, run::<ReviveShop>),
    (ReconcileShops::NAME, run::<ReconcileShops>),
    (ReconcileShop::NAME, run::<ReconcileShop>),
    (PruneHistory::NAME, run::<PruneHistory>),
    (MatchVariants::NAME, run::<MatchVariants>),
    (AcceptMatches::NAME, run::<AcceptMatches>),
    (ChaseSilence::NAME, run::<ChaseSilence>),
    (ChaseRest::NAME, run::<ChaseRest>),
    (ReplanOrders::NAME, run::<ReplanOrders>),
    (RunWhatIf::NAME, run::<RunWhatIf>),
    (FollowDates::NAME, run::<FollowDates>),
    (RateSuppliers::NAME, run::<RateSuppliers>),
];

/// What runs again and again, once per interval over all nodes. Each is in the registry too.
const PERIODIC: &[Periodic] = &[
    every::<KeepTokens>(|_| Duration::from_hours(24)),
    every::<ReconcileShops>(|config| config.worker.reconcile_every),
    every::<PruneHistory>(|_| Duration::from_hours(1)),
    every::<ChaseSilence>(|_| Duration::from_mins(5)),
    every::<FollowDates>(|_| Duration::from_mins(15)),
    every::<RateSuppliers>(|_| Duration::from_hours(6)),
];

fn run<'a, J: Job>(payload: &'a str, app: &'a App, attempt: Attempt) -> Running<'a> {
    Box::pin(async move {
        let job: J = serde_json::from_str(payload)
            .map_err(|error| JobError::retry(format!("the stored payload of {} cannot be read: {error}", J::NAME)))?;
        job.run(app, attempt).await
    })
}

/// Runs jobs until the program stops, then lets those under way finish.
pub async fn work(app: App) {
    let holding = Holding::default();
    tokio::select! {
        () = keep_leases(&app, &holding) => {}
        () = release_leases(&app, &holding) => {}
        () = keep_schedules(&app) => {}
        () = async { tokio::join!(rounds::run(&app, &holding), read_deliveries(&app)); } => {}
    }
}

/// Reads webhook calls as they come, and gives way to them where more come than are read.
async fn read_deliveries(app: &App) {
    let mut turn = read_inbox::Turn::default();
    while !app.stopping.is_cancelled() {
        let (began, came_before) = (Instant::now(), app.inbox.came());
        match read_inbox::read_inbox(app, &mut turn).await {
            Ok(0) => {}
            Ok(read) => {
                let came = app.inbox.came().saturating_sub(came_before);
                if let Some(pause) = read_inbox::gives_way(read, came, began.elapsed()) {
                    tokio::select! {
                        () = app.stopping.cancelled() => {}
                        () = tokio::time::sleep(pause) => {}
                    }
                }
                continue;
            }
            Err(error) => tracing::warn!(%error, "deliveries cannot be read; trying again"),
        }
        tokio::select! {
            () = app.stopping.cancelled() => {}
            () = app.db.inbox_filled().notified() => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
}
