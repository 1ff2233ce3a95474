//! What goes wrong around the installation, changing all the time: Shopify's webhooks and answers,
//! the suppliers and their habits, the database, the disk, the clocks, the machine.

use std::{sync::atomic::Ordering, time::Duration};

use sandbox::{
    Acknowledge, AnswerFault, Behaviour, Cancellation, Fault, RejectReason, Repetition, Shipping, SupplierFault,
    WebhookFault,
};

use super::{catalogue::RECIPES, dice::Dice, reaper::Pace, round::Plan, stage::Stage};

/// Longer than a lease, so that others take over what the stopped process has in hand.
const STOP_MS: (u64, u64) = (300, 3500);

/// How restarts of the database are counted, before their mode.
pub const RESTARTS: &str = "PostgreSQL restarted: ";

/// Changes the weather until the round is over.
pub async fn blow(stage: &Stage, pace: &Pace, plan: Plan) {
    let seed = plan.seed;
    let mut dice = Dice::of(seed, "weather", 0);
    stage.door.set_mischief(Some(Dice::of(seed, "door", 0)));
    while !pace.is_over() {
        shopify(stage, &mut dice, plan.drops);
        suppliers(stage, &mut dice);
        // Draws everything before it acts: how long an act takes must not change what comes next.
        let (act, node) = (dice.between(0, 99), dice.between(0, stage.nodes.len() as u64 - 1));
        let (ms, clock, hard) = (
            dice.between(STOP_MS.0, STOP_MS.1),
            dice.between(0, 2 * plan.clock_ms),
            dice.chance(0.5),
        );
        let node = &stage.nodes[usize::try_from(node).unwrap_or(0)];
        match act {
            0..6 => restart_database(stage, pace, hard).await,
            6..12 => fill_disk(stage, pace, ms / 2).await,
            12..18 => {
                stage.chronicle.count("process: stood still");
                stage
                    .chronicle
                    .note(format!("node {} stands still for {ms} ms", node.name));
                node.signal("STOP").await;
                tokio::time::sleep(Duration::from_millis(ms)).await;
                node.signal("CONT").await;
            }
            18..30 => {
                let off = i64::try_from(clock).unwrap_or(0) - i64::try_from(plan.clock_ms).unwrap_or(0);
                stage.chronicle.count("clock: jumped");
                stage
                    .chronicle
                    .note(format!("the clock of node {} is off by {off} ms", node.name));
                node.set_clock(off);
            }
            _ => {}
        }
        tokio::time::sleep(Duration::from_millis(dice.between(300, 900))).await;
    }
}

fn shopify(stage: &Stage, dice: &mut Dice, drops: bool) {
    let faults = stage.shopify.faults();
    faults.clear();
    let webhooks = [
        (WebhookFault::Duplicate { copies: 3 }, 0.12),
        (WebhookFault::Reorder, 0.1),
        (
            WebhookFault::Delay {
                ms: dice.between(20, 2500),
            },
            0.15,
        ),
    ];
    for (effect, probability) in webhooks {
        faults.add(Fault::any_webhook(effect).with_probability(probability));
    }
    for topic in ["orders/create", "orders/updated", "orders/cancelled", "orders/edited"] {
        if drops {
            faults.add(Fault::webhook(topic, WebhookFault::Drop).with_probability(0.05));
        }
    }
    let answers = [
        (AnswerFault::Throttled, 0.03),
        (AnswerFault::ErrorBefore { status: 502 }, 0.03),
        (AnswerFault::ErrorAfter { status: 503 }, 0.03),
        (AnswerFault::LostAnswer, 0.03),
        (
            AnswerFault::Delay {
                ms: dice.between(50, 2500),
            },
            0.04,
        ),
    ];
    for (effect, probability) in answers {
        faults.add(Fault::any_graphql(effect).with_probability(probability));
    }
    let effects = [AnswerFault::LostAnswer, AnswerFault::ErrorAfter { status: 502 }];
    for effect in effects {
        faults.add(Fault::graphql("FulfillmentCreate", effect).with_probability(0.1));
    }
    if dice.chance(0.1) {
        stage.shop.expire_access_tokens();
        stage.chronicle.count("access tokens: expired");
        stage.chronicle.note("the access tokens expired");
        faults.add(Fault::token("refresh_token", AnswerFault::LostAnswer).with_probability(0.3));
        faults.add(Fault::token("refresh_token", AnswerFault::ErrorBefore { status: 500 }).with_probability(0.3));
    }
}

fn suppliers(stage: &Stage, dice: &mut Dice) {
    for supplier in stage.suppliers.values() {
        supplier.set_behaviour(habits(dice, supplier.name()));
    }
}

fn habits(dice: &mut Dice, supplier: &str) -> Behaviour {
    let (short, long) = (dice.between(0, 200), dice.between(200, 2500));
    let acknowledge = [
        Acknowledge::AtOnce,
        Acknowledge::AtOnce,
        Acknowledge::Later { delay_ms: short },
        Acknowledge::Later { delay_ms: long },
        Acknowledge::Never,
    ];
    let shipping = [
        Shipping::Whole { delay_ms: short },
        Shipping::Whole { delay_ms: long },
        Shipping::InParts { delay_ms: short },
        Shipping::InParts { delay_ms: long },
        Shipping::Manual,
    ];
    let reason = "already packed".to_owned();
    let cancellation = [
        Cancellation::AcceptAtOnce,
        Cancellation::AcceptAtOnce,
        Cancellation::AcceptLater { delay_ms: short },
        Cancellation::AcceptLater { delay_ms: long },
        Cancellation::RejectAtOnce { reason },
        Cancellation::Never,
    ];
    let repetition = [Repetition::SameAnswer, Repetition::AlreadyPlaced];
    let faults = [
        SupplierFault::Error { status: 500 },
        SupplierFault::ErrorAfter { status: 502 },
        SupplierFault::LostAnswer,
        SupplierFault::Slow { ms: long + 500 },
        SupplierFault::Busy { retry_after_s: 1 },
    ];
    let mut rejects = std::collections::BTreeMap::new();
    if dice.chance(0.15) {
        let skus = RECIPES
            .iter()
            .flat_map(|recipe| recipe.alternatives.iter().copied().flatten());
        let skus: Vec<&str> = skus.map(|(sku, _)| *sku).collect();
        rejects.extend(
            dice.pick(&skus)
                .map(|sku| ((*sku).to_owned(), RejectReason::OutOfStock)),
        );
    }
    Behaviour {
        acknowledge: dice.pick(&acknowledge).copied().unwrap_or(Acknowledge::AtOnce),
        shipping: dice.pick(&shipping).cloned().unwrap_or_default(),
        cancellation: dice.pick(&cancellation).cloned().unwrap_or(Cancellation::AcceptAtOnce),
        repetition: dice.pick(&repetition).copied().unwrap_or(Repetition::SameAnswer),
        rejects,
        faults: (0..dice.between(0, 3))
            .filter_map(|_| dice.pick(&faults).copied())
            .collect(),
        tracking_prefix: supplier.to_uppercase(),
        ..Behaviour::default()
    }
}

/// What is said of a supplier's fault where faults are counted.
pub const fn name(fault: SupplierFault) -> &'static str {
    match fault {
        SupplierFault::Error { .. } => "supplier: error, not taken",
        SupplierFault::ErrorAfter { .. } => "supplier: error after it was taken",
        SupplierFault::LostAnswer => "supplier: answer lost",
        SupplierFault::Slow { .. } => "supplier: slow",
        SupplierFault::Busy { .. } => "supplier: busy",
    }
}

async fn restart_database(stage: &Stage, pace: &Pace, hard: bool) {
    let Some(cluster) = &stage.cluster else { return };
    let mode = if hard { "immediate" } else { "fast" };
    pace.excused.store(true, Ordering::Relaxed);
    stage.chronicle.count(&format!("{RESTARTS}{mode}"));
    stage.chronicle.note(format!("PostgreSQL restarts: {mode}"));
    let went_well = cluster.restart(mode).await;
    stage.chronicle.note(format!("PostgreSQL is back: {went_well}"));
    pace.excused.store(false, Ordering::Relaxed);
}

async fn fill_disk(stage: &Stage, pace: &Pace, ms: u64) {
    if !stage.disk.is_small() {
        return;
    }
    pace.excused.store(true, Ordering::Relaxed);
    stage.chronicle.count("disk: full");
    stage.chronicle.note(format!("the disk is full for {ms} ms"));
    stage.disk.fill().await;
    tokio::time::sleep(Duration::from_millis(ms)).await;
    stage.disk.clear();
    stage.chronicle.note("the disk has room again");
    pace.excused.store(false, Ordering::Relaxed);
}

/// Everything is well from now on, and the clocks of all agree and are past all that was planned.
pub fn clear_up(stage: &Stage, plan: Plan) {
    stage.shopify.faults().clear();
    stage.door.set_mischief(None);
    stage.disk.clear();
    for supplier in stage.suppliers.values() {
        supplier.set_behaviour(Behaviour {
            tracking_prefix: supplier.name().to_uppercase(),
            shipping: Shipping::Whole { delay_ms: 20 },
            ..Behaviour::default()
        });
    }
    let ahead = i64::try_from(plan.clock_ms).unwrap_or(0) + 10_000;
    for node in &stage.nodes {
        node.set_clock(ahead);
    }
    stage.chronicle.clock.set_ahead(ahead);
    stage
        .chronicle
        .note(format!("everything is well, and all clocks are {ahead} ms ahead"));
}
