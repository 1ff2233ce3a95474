//! What is found by orders, purchase orders or ids is not found by their shop.

use std::sync::Mutex;

use orderyard::{
    domain::exception::ExceptionStatus,
    ids::{MatchId, OrderId, PurchaseOrderId, ShipmentId},
    store::{
        Party, Reader,
        exceptions::{self, ExceptionFilter},
        match_proposals, order_states, purchase_orders, shipments,
    },
};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement};
use uuid::Uuid;

use crate::graphql::world::World;

/// Reads as another does, and notes what it was asked.
struct Listening<'a> {
    db: &'a Reader,
    asked: Mutex<Vec<Statement>>,
}

impl Listening<'_> {
    fn note(&self, statement: &Statement) {
        self.asked.lock().expect("is there").push(statement.clone());
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Listening<'_> {
    fn get_database_backend(&self) -> DbBackend {
        self.db.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.note(&statement);
        self.db.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.db.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.note(&statement);
        self.db.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.note(&statement);
        self.db.query_all_raw(statement).await
    }
}

/// SQLite has no statistics to go by: what it finds by the shop alone grows with the shop.
#[tokio::test]
async fn what_names_its_rows_is_not_found_by_the_shop_alone() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let (shop, order, po) = (tenant.shop, tenant.order, tenant.purchase_order);
        let (us, reader) = (Party::Shop(shop), world.app.db.read());
        // Of one alone SQLite thinks better than of many.
        let nil = Uuid::nil();
        let (orders, pos) = ([order, OrderId(nil)], [po, PurchaseOrderId(nil)]);
        let asked = Mutex::default();
        let db = &Listening { db: reader, asked };
        let states = order_states::load_many(db, shop, &orders).await.expect("reads");
        let state = states.first().expect("the order");
        assert!(!state.purchase_orders.is_empty() && !state.fulfillments.is_empty());
        assert!(!state.open_exceptions.is_empty());
        let seen = purchase_orders::seen_by_ids(db, us, &pos).await.expect("reads");
        assert_eq!(seen.len(), 1);
        let parcels = shipments::seen_of_purchase_orders(db, us, &pos).await;
        assert_eq!(parcels.expect("reads").len(), 1);
        let proposals = match_proposals::open_by_ids(db, shop, &[tenant.proposal, MatchId(nil)]).await;
        assert_eq!(proposals.expect("reads").len(), 1);
        let (first, open) = (ShipmentId(nil), Some(ExceptionStatus::Open));
        let waiting = shipments::waiting_for_kit(db, shop, Some(first), 10).await;
        assert!(waiting.expect("reads").is_empty());
        let of_order = exceptions::of_order(db, shop, order, open).await.expect("reads");
        assert_eq!(of_order.len(), 1);
        let filter = ExceptionFilter {
            status: open,
            kinds: Vec::new(),
            order: Some(order),
        };
        let page = exceptions::page(db, shop, &filter, None, 10).await.expect("reads");
        assert_eq!(page, of_order);
        let given_up = exceptions::open_of_failed_jobs(db, shop, Some(order)).await;
        assert!(given_up.expect("reads").is_empty());

        let asked = std::mem::take(&mut *db.asked.lock().expect("is there"));
        for mut statement in asked {
            if statement.db_backend != DbBackend::Sqlite {
                continue;
            }
            statement.sql = format!("explain query plan {}", statement.sql);
            let sql = statement.sql.clone();
            for row in reader.query_all_raw(statement).await.expect("explains") {
                let step: String = row.try_get("", "detail").expect("a step");
                assert!(!step.starts_with("SCAN"), "{step}: {sql}");
                assert!(!step.contains("(shop_id=?)"), "{step}: {sql}");
                assert!(!step.contains("(shop_id=? AND status=?)"), "{step}: {sql}");
            }
        }
    }
}
