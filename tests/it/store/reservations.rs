//! What an offer has reserved is the sum over its open lines, whatever became of them.

use std::collections::BTreeMap;

use orderyard::{
    actions::reserve_stock,
    domain::purchase_order::LineProgress,
    ids::{OfferId, OrderId, PoLineId},
    store::{
        self, offers,
        order_state::OrderState,
        reservations::{self, Model as Reservation},
    },
};
use proptest::{prelude::*, strategy::ValueTree as _};
use sea_orm::{DbBackend, EntityTrait as _};

use crate::graphql::{
    seed::{Tenant, add_order, add_purchase_order},
    world::World,
};

#[derive(Clone, Debug)]
enum Event {
    Ordered(u32),
    Accepted(usize, u32),
    Rejected(usize, u32),
    Cancelled(usize, u32),
    Shipped(usize, u32),
    Told(u32),
}

fn event() -> impl Strategy<Value = Event> {
    let (which, many) = (0_usize..8, 1_u32..4);
    prop_oneof![
        3 => (1_u32..5).prop_map(Event::Ordered),
        2 => (which.clone(), many.clone()).prop_map(|(line, n)| Event::Accepted(line, n)),
        2 => (which.clone(), many.clone()).prop_map(|(line, n)| Event::Rejected(line, n)),
        2 => (which.clone(), many.clone()).prop_map(|(line, n)| Event::Cancelled(line, n)),
        1 => (which, many).prop_map(|(line, n)| Event::Shipped(line, n)),
        2 => (0_u32..40).prop_map(Event::Told),
    ]
}

/// A line, and what it is to reserve.
struct Expected {
    order: OrderId,
    line: PoLineId,
    progress: LineProgress,
    pieces: u32,
}

struct Life<'a> {
    world: &'a World,
    tenant: &'a Tenant,
    lines: Vec<Expected>,
    orders: i64,
}

impl Life<'_> {
    async fn live(&mut self, event: &Event) {
        match *event {
            Event::Ordered(pieces) => self.order(pieces).await,
            Event::Told(stock) => self.tell(stock).await,
            Event::Accepted(at, n) => {
                self.report(at, |line| line.acknowledge(line.accepted + n, line.rejected))
                    .await;
            }
            Event::Rejected(at, n) => {
                self.report(at, |line| line.acknowledge(line.accepted, line.rejected + n))
                    .await;
            }
            Event::Shipped(at, n) => {
                let n = |line: &LineProgress| n.min(line.open()).max(1);
                self.report(at, |line| line.ship(n(&line)).map(|(line, _)| line)).await;
            }
            Event::Cancelled(at, n) => {
                self.report(at, |mut line| {
                    line.cancelled += n.min(line.open());
                    Ok::<_, ()>(line)
                })
                .await;
            }
        }
    }

    async fn order(&mut self, pieces: u32) {
        let (world, tenant) = (self.world, self.tenant);
        self.orders += 1;
        let tx = world.tx().await;
        let (order, order_line) = add_order(world, &tx, tenant.shop, tenant.variant, self.orders).await;
        let number = format!("P{}", self.orders);
        let (po, line, _) = add_purchase_order(
            world,
            &tx,
            tenant.shop,
            tenant.supplier,
            tenant.offer,
            order,
            order_line,
            number,
        )
        .await;
        let mut rows = store::po_lines::of_purchase_orders(tx.conn(), tenant.shop, vec![po])
            .await
            .expect("reads");
        let mut row = rows.pop().expect("its line");
        row.quantity = store::column(pieces);
        row.shipped = 0;
        store::save(&tx, row).expect("saves");
        let offer = offers::by_ids(tx.conn(), vec![tenant.offer])
            .await
            .expect("reads")
            .pop()
            .expect("it");
        let is_enough = offer.available().expect("is known") >= pieces;
        if is_enough {
            reservations::take(&tx, vec![reservation(tenant, order, line, pieces)]).expect("there is enough");
        }
        tx.commit().await.expect("commits");
        let progress = LineProgress {
            quantity: pieces,
            ..LineProgress::default()
        };
        let pieces = if is_enough { pieces } else { 0 };
        self.lines.push(Expected {
            order,
            line,
            progress,
            pieces,
        });
    }

    async fn report<E>(&mut self, at: usize, change: impl Fn(LineProgress) -> Result<LineProgress, E>) {
        let count = self.lines.len();
        let Some(expected) = self.lines.get_mut(at % count.max(1)) else {
            return;
        };
        let Ok(after) = change(expected.progress) else { return };
        let tx = self.world.tx().await;
        let row = store::po_lines::Entity::find_by_id(expected.line).one(tx.conn()).await;
        let mut row = row.expect("reads").expect("is there");
        row.set_progress(after);
        store::save(&tx, row).expect("saves");
        let state = OrderState::load(tx.conn(), self.tenant.shop, expected.order)
            .await
            .expect("reads")
            .expect("it");
        reserve_stock::settle(&tx, &state, Vec::new()).await.expect("settles");
        tx.commit().await.expect("commits");
        expected.progress = after;
        expected.pieces = expected.pieces.min(after.quantity - after.rejected - after.cancelled);
    }

    async fn tell(&mut self, stock: u32) {
        let tx = self.world.tx().await;
        let mut offer = offers::lock(&tx, vec![self.tenant.offer])
            .await
            .expect("locks")
            .pop()
            .expect("it");
        offer.stock = Some(store::column(stock));
        store::save(&tx, offer).expect("saves");
        reservations::reflect(&tx, &[self.tenant.offer], &[], None)
            .await
            .expect("reflects");
        tx.commit().await.expect("commits");
        for line in &mut self.lines {
            line.pieces = line.pieces.min(line.progress.unanswered());
        }
    }

    async fn check(&self, after: &Event) {
        let db = self.world.app.db.read();
        let rows = reservations::Entity::find().all(db).await.expect("reads");
        let rows: BTreeMap<PoLineId, u32> = rows
            .iter()
            .map(|row| (row.po_line_id, store::units(row.pieces)))
            .filter(|(_, pieces)| *pieces > 0)
            .collect();
        let wanted = self.lines.iter().filter(|line| line.pieces > 0);
        let wanted: BTreeMap<PoLineId, u32> = wanted.map(|line| (line.line, line.pieces)).collect();
        assert_eq!(rows, wanted, "after {after:?}");
        let offer = offers::by_ids(db, vec![self.tenant.offer])
            .await
            .expect("reads")
            .pop()
            .expect("it");
        let sum: u32 = wanted.values().sum();
        assert_eq!(store::units(offer.reserved), sum, "after {after:?}");
    }
}

fn reservation(tenant: &Tenant, order: OrderId, line: PoLineId, pieces: u32) -> Reservation {
    Reservation {
        po_line_id: line,
        shop_id: tenant.shop,
        order_id: order,
        offer_id: tenant.offer,
        pieces: store::column(pieces),
    }
}

#[tokio::test]
async fn the_counter_is_the_sum_over_open_lines_after_any_life() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let mut life = Life {
            world: &world,
            tenant: &tenant,
            lines: Vec::new(),
            orders: 5000,
        };
        for _ in 0..120 {
            let event = event().new_tree(&mut runner).expect("an event").current();
            life.live(&event).await;
            life.check(&event).await;
        }
        assert!(
            life.lines.iter().any(|line| line.pieces > 0),
            "something is left to look at"
        );
    }
}

/// Two that decided on the same last piece before either wrote it.
#[tokio::test]
async fn of_two_that_take_the_last_piece_one_is_told_so() {
    for world in World::each(false).await {
        if world.app.db.backend() != DbBackend::Postgres {
            continue;
        }
        let tenant = world.tenant(1).await;
        let mut life = Life {
            world: &world,
            tenant: &tenant,
            lines: Vec::new(),
            orders: 5000,
        };
        life.order(1).await;
        life.order(1).await;
        life.tell(1).await;
        let [one, two] = [&life.lines[0], &life.lines[1]].map(|line| (line.order, line.line));
        let clear = world.tx().await;
        reservations::Entity::delete_many()
            .exec(clear.conn())
            .await
            .expect("deletes");
        reservations::reflect(&clear, &[tenant.offer], &[], None)
            .await
            .expect("counts");
        clear.commit().await.expect("commits");

        let (first, second) = (world.tx().await, world.tx().await);
        let take = |(order, line)| vec![reservation(&tenant, order, line, 1)];
        reservations::take(&first, take(one)).expect("the last piece");
        reservations::take(&second, take(two)).expect("is not written yet");
        let (one, two) = tokio::join!(first.commit(), second.commit());
        let refused: Vec<_> = [one, two].into_iter().filter_map(Result::err).collect();
        assert_eq!(refused.len(), 1, "one piece was left: {refused:?}");
        assert!(refused[0].to_string().contains("taken meanwhile"));
    }
}

/// Orders that name the same offers in another order wait for one another, and never in a circle.
#[tokio::test]
async fn offers_are_taken_in_one_order() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let other = OfferId::generate();
        let tx = world.tx().await;
        let offer = offers::by_ids(tx.conn(), vec![tenant.offer])
            .await
            .expect("reads")
            .pop()
            .expect("it");
        store::insert(
            &tx,
            offers::Model {
                id: other,
                sku: "NT-CUP".to_owned(),
                ..offer
            },
        )
        .expect("inserts");
        tx.commit().await.expect("commits");
        let mut life = Life {
            world: &world,
            tenant: &tenant,
            lines: Vec::new(),
            orders: 5000,
        };
        for _ in 0..40 {
            life.order(1).await;
        }
        life.tell(1000).await;
        let clear = world.tx().await;
        reservations::Entity::delete_many()
            .exec(clear.conn())
            .await
            .expect("deletes");
        reservations::reflect(&clear, &[tenant.offer], &[], None)
            .await
            .expect("counts");
        let mut row = offers::lock(&clear, vec![other])
            .await
            .expect("locks")
            .pop()
            .expect("it");
        row.stock = None;
        store::save(&clear, row).expect("saves");
        clear.commit().await.expect("commits");
        let pairs: Vec<_> = life.lines.chunks(2).map(|pair| [&pair[0], &pair[1]]).collect();
        let takes = pairs.iter().enumerate().map(|(at, pair)| {
            let mut rows: Vec<_> = pair.map(|line| reservation(&tenant, line.order, line.line, 1)).into();
            rows[at % 2].offer_id = other;
            let world = &world;
            async move {
                let tx = world.tx().await;
                reservations::take(&tx, rows).expect("is taken");
                tx.commit().await.expect("commits");
            }
        });
        futures::future::join_all(takes).await;
        let db = world.app.db.read();
        let both = offers::by_ids(db, vec![tenant.offer, other]).await.expect("reads");
        assert_eq!(both.iter().map(|offer| offer.reserved).collect::<Vec<_>>(), [20, 20]);
    }
}
