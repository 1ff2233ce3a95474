//! More is asked back of a purchase order while its supplier still answers an earlier question.

use std::collections::BTreeSet;

use rstest::rstest;
use sandbox::{Behaviour, Cancellation, SupplierFault};

use super::shop::{Plot, Story};
use crate::harness::Database;

/// Of three shirts one was asked back.
struct Asked {
    story: Story,
    number: String,
    id: String,
}

const CALLED: &str = "select count(*) from intents where kind = 'cancel_purchase_order' and called_at is not null";

impl Asked {
    /// Waits until the call for the one shirt is under way, or was taken.
    async fn one_of_three(north: Behaviour, fault: Option<SupplierFault>, database: Database) -> Self {
        let story = Plot {
            north,
            ..Plot::default()
        }
        .env("OUTSIDE_CALL_SECONDS", "12")
        .begin(database)
        .await;
        let order = story.order(&[("SHIRT", 3)]);
        let placed = story.purchase_order("north").await;
        story.quiet().await;
        if let Some(fault) = fault {
            story.world.supplier("north").add_fault(fault);
        }
        story.set_quantity(order, 2);
        story.wait_for_count("one is asked back", CALLED, 1).await;
        Self {
            story,
            number: placed.number,
            id: placed.id,
        }
    }

    /// The owner wants the whole purchase order back.
    async fn take_all_back(&self) {
        let words = [
            "admin",
            "token",
            "create",
            "--shop",
            "demo.myshopify.com",
            "--scope",
            "write",
        ];
        let token = self.story.world.orderyard.command(&words).await;
        self.story.cancel_by_hand(token.trim(), &self.id).await;
    }

    fn cancelled_by_supplier(&self) -> u32 {
        let order = self.story.world.supplier("north").order(&self.number);
        order.map_or(0, |order| order.lines.iter().map(|line| line.cancelled).sum())
    }
}

const SLOW: SupplierFault = SupplierFault::Slow { ms: 5_000 };

#[rstest]
#[tokio::test]
async fn who_agrees_to_one_is_asked_for_the_others(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let asked = Asked::one_of_three(Behaviour::manual(), Some(SLOW), database).await;
    asked.take_all_back().await;
    let ended = "select count(*) from purchase_orders where status = 'cancelled'";
    asked.story.wait_for_count("it is cancelled", ended, 1).await;
    asked.story.quiet().await;
    assert_eq!(asked.cancelled_by_supplier(), 3, "the supplier ships none");
    assert_eq!(asked.story.cancel_calls("north"), 2);
    let open = "select count(*) from intents where outcome in ('pending', 'unknown')";
    assert_eq!(asked.story.world.count(open).await, 0);
}

#[rstest]
#[tokio::test]
async fn who_refuses_one_is_asked_for_all(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let north = Behaviour {
        cancellation: Cancellation::RejectAtOnce {
            reason: "packed".to_owned(),
        },
        ..Behaviour::manual()
    };
    let asked = Asked::one_of_three(north, Some(SLOW), database).await;
    asked.take_all_back().await;
    let refused = "select count(*) from exceptions where kind = 'cancel_refused' and status = 'open'";
    asked.story.wait_for_count("a person is told", refused, 1).await;
    asked.story.quiet().await;
    assert_eq!(asked.story.cancel_calls("north"), 2);
    let asks = "select count(*) from po_lines where cancel_requested > 0 or cancelled > 0";
    assert_eq!(asked.story.world.count(asks).await, 0);
}

/// The supplier thinks about the first question, and is too busy for the second one when it answers.
#[rstest]
#[tokio::test]
async fn an_answer_by_the_api_is_to_what_was_asked(#[values(Database::Sqlite, Database::Postgres)] database: Database) {
    let north = Behaviour {
        cancellation: Cancellation::Never,
        ..Behaviour::manual()
    };
    let asked = Asked::one_of_three(north.clone(), None, database).await;
    let received = "select count(*) from intents where kind = 'cancel_purchase_order' and outcome = 'done'";
    asked.story.wait_for_count("it is thought about", received, 1).await;
    let supplier = asked.story.world.supplier("north");
    let busy = SupplierFault::Busy { retry_after_s: 2 };
    supplier.set_behaviour(Behaviour {
        faults: vec![busy; 20],
        ..north.clone()
    });
    asked.take_all_back().await;
    let not_taken = "select count(*) from intents where kind = 'cancel_purchase_order' and outcome = 'pending'";
    asked
        .story
        .wait_for_count("the second one is not taken", not_taken, 1)
        .await;
    let answered = supplier.answer_cancellation(&asked.number, true, None).await;
    answered.expect("it is heard");
    let one = "select count(*) from po_lines where cancelled = 1 and cancel_requested = 2";
    assert_eq!(asked.story.world.count(one).await, 1, "one, and two are asked back");
    supplier.set_behaviour(Behaviour::manual());
    let ended = "select count(*) from purchase_orders where status = 'cancelled'";
    asked.story.wait_for_count("it is cancelled", ended, 1).await;
    assert_eq!(asked.cancelled_by_supplier(), 3, "the supplier ships none");
}

/// Killed before or after the supplier is asked: it is asked under one key, and takes one shirt back.
#[rstest]
#[tokio::test]
async fn a_kill_around_the_question(
    #[values(Database::Sqlite, Database::Postgres)] database: Database,
    #[values("cancel.before_call", "cancel.after_call")] place: &str,
) {
    let mut story = Plot::default().begin(database).await;
    story.world.orderyard.stop().await;
    story.world.orderyard.start_with(&[("ORDERYARD_FAILPOINT", place)]);
    story.world.orderyard.wait_until_ready().await;
    let order = story.order(&[("SHIRT", 3)]);
    let placed = story.purchase_order("north").await;
    story.set_quantity(order, 2);
    story.world.orderyard.wait_for_end(place).await;
    story.world.orderyard.start().await;
    let cancelled = "select count(*) from po_lines where cancelled = 1 and cancel_requested = 0";
    story.wait_for_count("it is taken back", cancelled, 1).await;
    story.quiet().await;
    let north = story.world.supplier("north");
    let lines = north.order(&placed.number).expect("it has it").lines;
    assert_eq!(lines.iter().map(|line| line.cancelled).sum::<u32>(), 1);
    let calls = north.calls();
    let asked = calls
        .iter()
        .filter(|call| call.kind == "purchase_order.cancel_requested");
    let keys: BTreeSet<_> = asked.map(|call| call.webhook_id.as_str()).collect();
    assert_eq!(keys.len(), 1, "{calls:?}");
}
