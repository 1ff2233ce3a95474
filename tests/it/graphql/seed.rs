//! A shop with one of everything, and more of what lists are made of.

mod orders;

use orderyard::{
    actions::{create_api_key, sign_in},
    domain::{
        exception::{ExceptionKind, ExceptionStatus},
        fulfilment::FulfillmentStatus,
        matching::{KeyKind, ProposalStatus},
        money::Currency,
        rules::{Consequence, RuleText},
        shop::{ShopSettings, ShopStatus},
        supplier::ConnectorKind,
    },
    ids::*,
    store::{self, Tx, columns::Json},
};

pub use orders::{add_order, add_purchase_order};

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
            counted_at: None,
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
