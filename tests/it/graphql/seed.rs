//! A shop with one of everything, and more of what lists are made of.

use orderyard::{
    actions::{create_api_key, sign_in},
    domain::{
        exception::{ExceptionKind, ExceptionStatus},
        fulfilment::{FulfillmentStatus, ShipmentState},
        matching::{KeyKind, ProposalStatus},
        money::Currency,
        order::{FinancialStatus, OrderStatus, OrderTraits},
        purchase_order::PurchaseOrderStatus,
        rules::{Consequence, RuleText},
        shop::{ShopSettings, ShopStatus},
        supplier::ConnectorKind,
    },
    ids::*,
    store::{self, Tx, columns::Json},
};
use serde_json::json;

use super::world::{World, cookie_pair};

/// One shop with one of everything.
pub struct Tenant {
    pub shop: ShopId,
    pub variant: ShopifyVariantId,
    pub supplier: SupplierId,
    pub offer: OfferId,
    pub proposal: MatchId,
    pub order: OrderId,
    pub order_line: OrderLineId,
    pub purchase_order: PurchaseOrderId,
    pub po_line: PoLineId,
    pub shipment: ShipmentId,
    pub exception: ExceptionId,
    pub dead_job: JobId,
    pub lost_delivery: DeliveryId,
    pub rule: String,
    pub what_if: WhatIfRunId,
    pub token: String,
    pub owner: String,
    pub supplier_user: String,
}

/// The only rule that a tenant has.
fn rule(number: i64) -> RuleText {
    RuleText {
        name: format!("House rule {number}"),
        when: Some("order.total > 100".to_owned()),
        then: Consequence::NeverSplit,
        enabled: true,
        from: None,
        until: None,
    }
}

/// What a tenant is made of.
pub struct Seed<'a> {
    pub world: &'a World,
    pub number: i64,
    pub shop: ShopId,
}

impl Seed<'_> {
    pub async fn plant(self) -> Tenant {
        let (app, tx) = (&self.world.app, self.world.tx().await);
        self.shop(&tx);
        let supplier = self.supplier(&tx);
        let (variant, offer, proposal) = self.catalog(&tx, supplier);
        let (order, order_line) = self.order(&tx, variant, 1).await;
        let (purchase_order, po_line, shipment) = self.purchase_order(&tx, supplier, offer, order, order_line).await;
        let exception = self.exception(&tx, order, order_line);
        let domain = format!("shop{}.myshopify.com", self.number);
        let (dead_job, lost_delivery) = super::given_up::plant(&tx, self.shop, &domain, self.now());
        let what_if = super::what_if::plant(&tx, self.shop, order, self.now());
        let token = create_api_key::for_shop(app, &tx, self.shop, &["read", "write"]).expect("a token");
        let email = format!("owner{}@shop.example", self.number);
        let owner = sign_in::owner_of_install(app, &tx, self.shop, Some(&email), "Olga Owner")
            .await
            .expect("an owner");
        let supplier_user = self.supplier_user(&tx, supplier);
        tx.commit().await.expect("commits");
        Tenant {
            shop: self.shop,
            variant,
            supplier,
            offer,
            proposal,
            order,
            order_line,
            purchase_order,
            po_line,
            shipment,
            exception,
            dead_job,
            lost_delivery,
            rule: rule(self.number).name,
            what_if,
            token: token.0,
            owner: cookie_pair(&owner.cookie(app)),
            supplier_user,
        }
    }

    fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.world.app.clock.now()
    }

    fn shop(&self, tx: &Tx) {
        let row = store::shops::Model {
            id: self.shop,
            domain: format!("shop{}.myshopify.com", self.number),
            name: format!("Shop {}", self.number),
            currency: eur(),
            time_zone: "Europe/Berlin".to_owned(),
            po_prefix: format!("SHOP{}", self.number),
            status: ShopStatus::Installed,
            scopes: String::new(),
            access_token: None,
            access_token_expires_at: None,
            refresh_token: None,
            refresh_token_expires_at: None,
            refresh_leased_until: None,
            settings: Json(ShopSettings {
                rules: vec![rule(self.number)],
                ..ShopSettings::default()
            }),
            swept_until: None,
            dates_followed_until: None,
            installed_at: self.now(),
            uninstalled_at: None,
            created_at: self.now(),
        };
        store::insert(tx, row).expect("a shop");
        let version = store::rule_versions::Model {
            id: RowId::generate(),
            shop_id: self.shop,
            version: 1,
            rules: Json(vec![rule(self.number)]),
            what: format!("“{}” was added", rule(self.number).name),
            made_at: self.now(),
            made_by: "Olga Owner".to_owned(),
        };
        store::insert(tx, version).expect("a version");
        let location = store::locations::Model {
            shop_id: self.shop,
            id: ShopifyLocationId(self.number * 10),
            name: "Warehouse".to_owned(),
            active: true,
        };
        store::insert(tx, location).expect("a location");
    }

    fn supplier(&self, tx: &Tx) -> SupplierId {
        let id = SupplierId::generate();
        let row = store::suppliers::Model {
            id,
            key: format!("north-{}", self.number),
            shop_id: Some(self.shop),
            name: format!("North {}", self.number),
            connector: ConnectorKind::Portal,
            currency: eur(),
            endpoint: None,
            secret: None,
            created_at: self.now(),
        };
        store::insert(tx, row).expect("a supplier");
        let connection = store::connections::Model {
            id: ConnectionId::generate(),
            shop_id: self.shop,
            supplier_id: id,
            priority: 1,
            price_tolerance_bp: 250,
            handling_days: 1,
            answer_hours: 0,
            service: Json::default(),
            active: true,
            costs: None,
            on_time_bp: None,
            created_at: self.now(),
        };
        store::insert(tx, connection).expect("a connection");
        id
    }

    fn proposal(&self, tx: &Tx, variant: ShopifyVariantId, offer: OfferId) -> MatchId {
        let id = MatchId::generate();
        let row = store::match_proposals::Model {
            id,
            shop_id: self.shop,
            variant_id: variant,
            offer_id: offer,
            found_by: KeyKind::Sku,
            key: "mug".to_owned(),
            doubts: Json(Vec::new()),
            certain: true,
            status: ProposalStatus::Open,
            made_at: self.now(),
            decided_by: None,
        };
        store::insert(tx, row).expect("a proposal");
        id
    }

    fn catalog(&self, tx: &Tx, supplier: SupplierId) -> (ShopifyVariantId, OfferId, MatchId) {
        let variant = ShopifyVariantId(self.number * 1000);
        let offer = OfferId::generate();
        let row = store::variants::Model {
            shop_id: self.shop,
            id: variant,
            product_id: ShopifyProductId(self.number * 100),
            sku: Some("MUG".to_owned()),
            barcode: None,
            title: "Blue".to_owned(),
            product_title: "Mug".to_owned(),
            requires_shipping: true,
            deleted_at: None,
        };
        store::insert(tx, row).expect("a variant");
        let row = store::offers::Model {
            id: offer,
            supplier_id: supplier,
            sku: "NT-MUG".to_owned(),
            barcode: None,
            title: "Mug".to_owned(),
            cost_minor: 420,
            currency: eur(),
            stock: Some(10),
            reserved: 0,
            weight_g: None,
            goods: Json::default(),
            ships_to: Json(vec!["DE".to_owned()]),
            price_breaks: Json(Vec::new()),
            active: true,
            updated_at: self.now(),
        };
        store::insert(tx, row).expect("an offer");
        let mapping = MappingId::generate();
        let row = store::mappings::Model {
            id: mapping,
            shop_id: self.shop,
            variant_id: variant,
            updated_at: self.now(),
        };
        store::insert(tx, row).expect("a mapping");
        let row = store::mapping_components::Model {
            id: RowId::generate(),
            shop_id: self.shop,
            mapping_id: mapping,
            alternative_id: AlternativeId::generate(),
            rank: 1,
            position: 0,
            offer_id: offer,
            quantity: 1,
            accepted_cost_minor: 400,
            currency: eur(),
            valid_from: None,
            valid_until: None,
        };
        store::insert(tx, row).expect("a component");
        (variant, offer, self.proposal(tx, variant, offer))
    }

    async fn order(&self, tx: &Tx, variant: ShopifyVariantId, which: i64) -> (OrderId, OrderLineId) {
        add_order(self.world, tx, self.shop, variant, self.number * 1_000_000 + which).await
    }

    async fn purchase_order(
        &self,
        tx: &Tx,
        supplier: SupplierId,
        offer: OfferId,
        order: OrderId,
        order_line: OrderLineId,
    ) -> (PurchaseOrderId, PoLineId, ShipmentId) {
        let number = format!("SHOP{}-1001-1", self.number);
        let planted = add_purchase_order(self.world, tx, self.shop, supplier, offer, order, order_line, number).await;
        let fulfillment = store::fulfillments::Model {
            id: FulfillmentId::generate(),
            shop_id: self.shop,
            order_id: order,
            shipment_id: Some(planted.2),
            location_id: None,
            delivery_method: None,
            shopify_id: Some(ShopifyFulfillmentId(self.number * 77)),
            status: FulfillmentStatus::Done,
            by_hand: false,
            company: Some("DHL".to_owned()),
            numbers: Json(vec!["00340".to_owned()]),
            urls: Json(Vec::new()),
            lines: Json(vec![store::fulfillments::FulfilledLine {
                order_line_id: order_line,
                units: 1,
            }]),
            shipments: Json(vec![planted.2]),
            created_at: self.now(),
        };
        store::insert(tx, fulfillment).expect("a fulfillment");
        planted
    }

    fn exception(&self, tx: &Tx, order: OrderId, order_line: OrderLineId) -> ExceptionId {
        let id = ExceptionId::generate();
        let row = store::exceptions::Model {
            id,
            shop_id: self.shop,
            order_id: Some(order),
            order_line_id: Some(order_line),
            purchase_order_id: None,
            shipment_id: None,
            kind: ExceptionKind::NoEligibleSupplier,
            status: ExceptionStatus::Open,
            dedupe_key: format!("test:{id}"),
            quantity: Some(1),
            message: "1 × Mug: no supplier".to_owned(),
            evidence: None,
            resolution: None,
            resolved_by: None,
            created_at: self.now(),
            resolved_at: None,
        };
        store::insert(tx, row).expect("an exception");
        id
    }

    /// A supplier's person with a session.
    fn supplier_user(&self, tx: &Tx, supplier: SupplierId) -> String {
        let user = store::users::Model {
            id: UserId::generate(),
            email: format!("sam{}@north.example", self.number),
            name: "Sam".to_owned(),
            password_hash: None,
            created_at: self.now(),
        };
        let membership = store::memberships::Model {
            id: RowId::generate(),
            user_id: user.id,
            shop_id: None,
            supplier_id: Some(supplier),
            role: store::memberships::Role::Supplier,
            created_at: self.now(),
        };
        let secret = sign_in::random_secret();
        let session = store::sessions::Model {
            token_hash: orderyard::actions::authenticate::hash(&secret),
            user_id: user.id,
            membership_id: membership.id,
            created_at: self.now(),
            expires_at: self.now() + chrono::TimeDelta::days(1),
        };
        store::insert(tx, user).expect("a user");
        store::insert(tx, membership).expect("a membership");
        store::insert(tx, session).expect("a session");
        format!("{}={secret}", sign_in::COOKIE)
    }
}

fn eur() -> Currency {
    Currency::parse("EUR").expect("EUR")
}

/// One more order of a shop, with one line and two events.
pub async fn add_order(
    world: &World,
    tx: &Tx,
    shop: ShopId,
    variant: ShopifyVariantId,
    shopify_id: i64,
) -> (OrderId, OrderLineId) {
    let now = world.app.clock.now();
    let (id, line) = (OrderId::generate(), OrderLineId::generate());
    let row = store::orders::Model {
        id,
        shop_id: shop,
        shopify_id: ShopifyOrderId(shopify_id),
        name: format!("#{shopify_id}"),
        status: OrderStatus::WithSupplier,
        reason: None,
        financial_status: FinancialStatus::Paid,
        currency: eur(),
        total_minor: 1999,
        cancelled_at: None,
        placed_at: now,
        shopify_updated_at: now,
        imported_at: now,
        needs_shipping: true,
        ship_to: None,
        facts: store::columns::Json(OrderTraits::default()),
        customer_id: None,
        po_counter: 0,
        waits: 0,
        redacted_at: None,
    };
    store::insert(tx, row).expect("an order");
    let row = store::order_lines::Model {
        id: line,
        shop_id: shop,
        order_id: id,
        shopify_id: ShopifyLineItemId(shopify_id),
        position: 0,
        variant_id: Some(variant),
        sku: Some("MUG".to_owned()),
        title: "Mug".to_owned(),
        variant_title: None,
        requires_shipping: true,
        quantity: 2,
        current_quantity: 2,
        ours: 2,
        held: 0,
        elsewhere: 0,
        fulfilled_by_us: 0,
        fulfilled_outside: 0,
        handled: 0,
    };
    store::insert(tx, row).expect("a line");
    for message in ["read", "routed"] {
        let row = store::events::Model {
            id: EventId::generate(),
            shop_id: shop,
            order_id: id,
            at: now,
            actor: "Orderyard".to_owned(),
            kind: "changed".to_owned(),
            message: message.to_owned(),
        };
        store::insert(tx, row).expect("an event");
    }
    (id, line)
}

/// One more purchase order, with its line, allocation, plan and a parcel.
#[expect(
    clippy::too_many_arguments,
    clippy::too_many_lines,
    reason = "each argument is another row's id, and most lines are columns"
)]
pub async fn add_purchase_order(
    world: &World,
    tx: &Tx,
    shop: ShopId,
    supplier: SupplierId,
    offer: OfferId,
    order: OrderId,
    order_line: OrderLineId,
    number: String,
) -> (PurchaseOrderId, PoLineId, ShipmentId) {
    let now = world.app.clock.now();
    let (id, line, shipment) = (
        PurchaseOrderId::generate(),
        PoLineId::generate(),
        ShipmentId::generate(),
    );
    let plan = store::routing_plans::Model {
        id: RoutingPlanId::generate(),
        shop_id: shop,
        order_id: order,
        decided_at: now,
        cost_minor: Some(840),
        currency: Some(eur()),
        explanation: Json(json!({ "lines": [], "costs": [] })),
    };
    let plan_id = plan.id;
    store::insert(tx, plan).expect("a plan");
    let row = store::purchase_orders::Model {
        id,
        number,
        shop_id: shop,
        supplier_id: supplier,
        order_id: order,
        order_name: "#1001".to_owned(),
        status: PurchaseOrderStatus::Placed,
        currency: eur(),
        total_minor: 840,
        ship_to: None,
        ship_by: Some(now),
        supplier_reference: None,
        created_at: now,
        send_after: None,
        given_up_at: None,
        sent_at: Some(now),
        asked_at: None,
        placed_at: Some(now),
        cancel_requested_at: None,
        cancel_reason: None,
        updated_at: now,
    };
    store::insert(tx, row).expect("a purchase order");
    let row = store::po_lines::Model {
        id: line,
        shop_id: shop,
        supplier_id: supplier,
        purchase_order_id: id,
        position: 0,
        offer_id: offer,
        sku: "NT-MUG".to_owned(),
        title: "Mug".to_owned(),
        quantity: 2,
        unit_cost_minor: 420,
        accepted: 0,
        rejected: 0,
        shipped: 1,
        cancelled: 0,
        cancel_requested: 0,
        reject_reason: None,
    };
    store::insert(tx, row).expect("a line");
    let row = store::allocations::Model {
        id: AllocationId::generate(),
        shop_id: shop,
        order_id: order,
        plan_id,
        order_line_id: order_line,
        group_id: AllocationGroupId::generate(),
        units: 2,
        per_unit: 1,
        offer_id: offer,
        supplier_id: supplier,
        po_line_id: line,
        status: store::allocations::AllocationStatus::Live,
        created_at: now,
    };
    store::insert(tx, row).expect("an allocation");
    let row = store::shipments::Model {
        id: shipment,
        shop_id: shop,
        supplier_id: supplier,
        order_id: order,
        purchase_order_id: id,
        reference: "P1".to_owned(),
        fingerprint: Vec::new(),
        carrier: Some("DHL".to_owned()),
        tracking_number: Some("00340".to_owned()),
        tracking_url: None,
        shipped_at: now,
        state: ShipmentState::Recorded,
        tracking_version: 0,
        created_at: now,
    };
    store::insert(tx, row).expect("a parcel");
    let row = store::shipment_lines::Model {
        id: RowId::generate(),
        shop_id: shop,
        shipment_id: shipment,
        po_line_id: line,
        quantity: 1,
    };
    store::insert(tx, row).expect("a parcel's line");
    (id, line, shipment)
}
