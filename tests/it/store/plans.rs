//! How the databases go about lists and writes that may meet very many rows.

use orderyard::{
    ids::{ExceptionId, IntentId, ShopId},
    store::{exceptions, intents, offer_keys, purchase_orders, suppliers},
};
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use uuid::Uuid;

use crate::graphql::world::World;

/// Rows of each kind: with fewer, PostgreSQL may well read them all.
const MANY: u32 = 3_000;

impl World {
    /// What the database says that it would do, a step in each.
    async fn plan(&self, mut statement: Statement) -> Vec<String> {
        let (explain, column) = match statement.db_backend {
            DbBackend::Sqlite => ("explain query plan", "detail"),
            _ => ("explain", "QUERY PLAN"),
        };
        statement.sql = format!("{explain} {}", statement.sql);
        let rows = self.app.db.read().query_all_raw(statement).await.expect("explains");
        let steps = rows.iter().map(|row| row.try_get("", column).expect("a step"));
        steps.collect()
    }

    /// Reads rows in the order of an index, and no more of them than it shows.
    async fn goes_by_index(&self, statement: Statement) {
        let sql = statement.sql.clone();
        for step in self.plan(statement).await {
            let reads_all = step.contains("Seq Scan") || step.starts_with("SCAN");
            let sorts = step.contains("Sort") || step.contains("TEMP B-TREE");
            assert!(!reads_all && !sorts, "{step}: {sql}");
        }
    }

    /// Finds rows by an index. PostgreSQL may know of another that is as good; SQLite has counted nothing.
    async fn finds_by(&self, statement: Statement, index: &str) {
        let (sql, backend) = (statement.sql.clone(), statement.db_backend);
        let plan = self.plan(statement).await;
        for step in &plan {
            let reads_all = step.contains("Seq Scan") || step.starts_with("SCAN");
            assert!(!reads_all, "{step}: {sql}");
        }
        let by_index = |step: &String| step.contains(&format!(" INDEX {index} ("));
        let is_found = plan.iter().any(by_index);
        assert!(is_found || backend != DbBackend::Sqlite, "{index}: {plan:?}: {sql}");
    }

    /// Very many open exceptions of a shop, about no order.
    async fn many_exceptions(&self, shop: ShopId) {
        let id = self.new_id();
        let many = format!(
            "insert into exceptions (id, shop_id, kind, status, dedupe_key, message, created_at)
            with recursive n (i) as (select 1 union all select i + 1 from n where i < {MANY})
            select {id}, {shop}, 'no_eligible_supplier', 'open', 'many-' || i, 'Nobody',
                (select min(created_at) from exceptions) from n"
        );
        self.execute_all(&[many]).await;
        self.count_rows().await;
    }

    async fn execute_all(&self, statements: &[String]) {
        let tx = self.tx().await;
        for sql in statements {
            let done = tx.conn().execute_unprepared(sql).await;
            done.unwrap_or_else(|error| panic!("{sql}: {error}"));
        }
        tx.commit().await.expect("commits");
    }

    /// PostgreSQL goes by what it has counted; SQLite must do without.
    async fn count_rows(&self) {
        if self.app.db.backend() == DbBackend::Postgres {
            self.execute_all(&["analyze".to_owned()]).await;
        }
    }

    fn new_id(&self) -> &'static str {
        match self.app.db.backend() {
            DbBackend::Sqlite => "randomblob(16)",
            _ => "gen_random_uuid()",
        }
    }

    /// How a column of JSON is declared.
    fn json(&self) -> &'static str {
        match self.app.db.backend() {
            DbBackend::Sqlite => "text",
            _ => "jsonb",
        }
    }

    /// Very many suppliers of a shop, of equal priority, of its own without an agreement, and listed for all.
    async fn many_suppliers(&self, shop: ShopId) {
        let id = self.new_id();
        let suppliers = |key: &str, of: &str| {
            format!(
                "insert into suppliers (id, key, shop_id, name, connector, currency, created_at)
                with recursive n (i) as (select 1 union all select i + 1 from n where i < {MANY})
                select {id}, '{key}-' || i, {of}, 'Many', 'portal', 'EUR', (select min(created_at) from suppliers) from n"
            )
        };
        let agreed = format!(
            "insert into connections (id, shop_id, supplier_id, priority, price_tolerance_bp, handling_days,
                answer_hours, service, active, created_at)
            select {id}, c.shop_id, s.id, 1, c.price_tolerance_bp, c.handling_days, c.answer_hours, c.service, c.active,
                c.created_at from connections c, suppliers s where c.shop_id = {shop} and s.key like 'equal-%'"
        );
        let own = shop.to_string();
        let all = [
            suppliers("equal", &own),
            suppliers("own", &own),
            suppliers("listed", "null"),
            agreed,
        ];
        self.execute_all(&all).await;
    }
}

#[tokio::test]
async fn a_page_of_suppliers_is_read_in_the_order_of_an_index() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        world.many_suppliers(tenant.shop).await;
        world.count_rows().await;
        for statement in suppliers::page_statements(world.app.db.backend(), tenant.shop, 51) {
            world.goes_by_index(statement).await;
        }
    }
}

#[tokio::test]
async fn what_waits_for_routing_is_read_in_the_order_of_an_index() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        world.many_exceptions(tenant.shop).await;
        let (backend, now) = (world.app.db.backend(), world.app.clock.now());
        let first = ExceptionId(Uuid::nil());
        let statement = exceptions::of_routing_statement(backend, tenant.shop, now, first, 50);
        world.goes_by_index(statement).await;
    }
}

/// A shop may have left very much open: what is open about one thing is found by it.
#[tokio::test]
async fn what_is_open_is_found_by_what_it_is_about() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        world.many_exceptions(tenant.shop).await;
        // A supplier of very many shops.
        let id = world.new_id();
        let connected = format!(
            "insert into connections (id, shop_id, supplier_id, priority, price_tolerance_bp, handling_days,
                answer_hours, service, active, created_at)
            with recursive n (i) as (select 1 union all select i + 1 from n where i < {MANY})
            select {id}, 1000 + n.i, c.supplier_id, 1, 0, 1, 0, c.service, c.active, c.created_at
                from connections c, n where c.shop_id = {}",
            tenant.shop
        );
        world.execute_all(&[connected]).await;
        world.count_rows().await;
        let backend = world.app.db.backend();
        let whose = (tenant.shop, tenant.supplier);
        let statements = exceptions::statements_of_open(backend, whose, tenant.order, tenant.purchase_order);
        for (statement, index) in statements {
            world.finds_by(statement, index).await;
        }
        let waiting = exceptions::shops_of_supplier(world.app.db.read(), tenant.supplier, None, 10).await;
        assert_eq!(waiting.expect("reads"), [tenant.shop], "the only one that waits");
        let open = exceptions::orders_with_open(world.app.db.read(), tenant.shop, &[tenant.order]).await;
        assert_eq!(open.expect("reads").len(), 1);
        let strange = exceptions::orders_with_open(world.app.db.read(), ShopId(2), &[tenant.order]).await;
        assert!(strange.expect("reads").is_empty(), "another shop's order");
    }
}

/// Whoever has shipped for years has a long history, and is looked at every few minutes.
#[tokio::test]
async fn what_is_unanswered_is_found_without_the_history() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let (id, shop) = (world.new_id(), tenant.shop);
        let shipped = format!(
            "insert into purchase_orders (id, number, shop_id, supplier_id, order_id, order_name, status, currency,
                total_minor, created_at, sent_at, placed_at, updated_at)
            with recursive n (i) as (select 1 union all select i + 1 from n where i < {MANY})
            select {id}, 'MANY-' || n.i, p.shop_id, p.supplier_id, p.order_id, p.order_name, 'shipped', p.currency,
                p.total_minor, p.created_at, p.sent_at, p.placed_at, p.updated_at
                from purchase_orders p, n where p.shop_id = {shop}"
        );
        let lines = format!(
            "insert into po_lines (id, shop_id, supplier_id, purchase_order_id, position, offer_id, sku, title,
                quantity, unit_cost_minor, accepted, rejected, shipped, cancelled, cancel_requested, never_sent)
            select {id}, l.shop_id, l.supplier_id, p.id, l.position, l.offer_id, l.sku, l.title, l.quantity,
                l.unit_cost_minor, l.quantity, 0, l.quantity, 0, 0, 0
                from po_lines l, purchase_orders p where l.shop_id = {shop} and p.number like 'MANY-%'"
        );
        world.execute_all(&[shipped, lines]).await;
        world.count_rows().await;
        let (backend, now) = (world.app.db.backend(), world.app.clock.now());
        let statement = purchase_orders::unanswered_statement(backend, shop, tenant.supplier, now, 50);
        world.finds_by(statement, "purchase_orders_unanswered").await;
    }
}

/// Almost all that ever was asked is forgotten: what is not is found without a look at the rest.
#[tokio::test]
async fn what_is_forgotten_is_not_come_by_again() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let (id, json, shop) = (world.new_id(), world.json(), tenant.shop);
        let forgotten = format!(
            "insert into intents (id, key, kind, shop_id, subject_id, request, outcome, evidence, calls, created_at)
            with recursive n (i) as (select 1 union all select i + 1 from n where i < {MANY})
            select {id}, 'many-' || i, 'place_purchase_order', {shop}, {id}, cast('null' as {json}), 'done',
                case when i = 1 then cast('null' as {json}) end, 1, (select min(created_at) from suppliers) from n"
        );
        world.execute_all(&[forgotten]).await;
        world.count_rows().await;
        let (first, last) = (IntentId(Uuid::nil()), IntentId(Uuid::max()));
        let statement = intents::with_requests_statement(world.app.db.backend(), first, last, 250);
        world.goes_by_index(statement.clone()).await;
        world.finds_by(statement, "intents_to_forget").await;
        let tx = world.tx().await;
        let found = intents::forget_requests(&tx, first, last, 250).await.expect("reads");
        assert_eq!(found.len(), 1, "the only one that says something");
    }
}

/// A supplier of a million offers has ten million keys.
#[tokio::test]
async fn an_offers_keys_are_found_by_the_offer() {
    for world in World::each(false).await {
        let tenant = world.tenant(1).await;
        let statement = offer_keys::forgetting(world.app.db.backend(), tenant.offer);
        if statement.db_backend != DbBackend::Sqlite {
            continue;
        }
        let plan = world.plan(statement).await;
        let by_offer = |step: &String| step.contains("offer_keys_by_offer (offer_id=?)");
        assert!(plan.iter().all(by_offer), "{plan:?}");
    }
}
