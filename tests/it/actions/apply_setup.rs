//! A setup file, applied and exported on each database.

use std::path::PathBuf;

use chrono::{SecondsFormat, TimeDelta};
use orderyard::{
    actions::{
        apply_setup::{ApplyError, ApplyOptions, apply_setup, draft},
        read_setup::read_setup,
    },
    app::App,
    clock::Clock,
    config::Config,
    domain::{
        money::Currency,
        setup::{
            export::{self, Secrets},
            plan::Unnamed,
        },
        shop::{ShopSettings, ShopStatus},
    },
    ids::{ShopId, ShopifyLocationId, ShopifyProductId, ShopifyVariantId},
    seal::Keyring,
    store::{self, Db, Tx, columns::Json, locations, shops, suppliers, variants},
};
use sea_orm::{ConnectionTrait as _, EntityTrait as _};
use secrecy::ExposeSecret as _;
use uuid::Uuid;

const FILE: &str = r#"version: 1
suppliers:
  - key: north
    name: North Textiles
    connector: http
    settings: { endpoint: "https://north.example/orders", secret: "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=" }
    offers:
      - { sku: NT-MUG, title: Mug, cost: "4.20", currency: EUR, stock: 120, weight_g: 350, ships_to: [DE, AT] }
      - { sku: NT-LID, title: Lid, cost: "0.80", currency: EUR }
  - key: south
    name: South
    shop: demo.myshopify.com
    connector: portal
    currency: EUR
    offers:
      - { sku: S-MUG, title: Mug, cost: "5" }
shops:
  - domain: demo.myshopify.com
    automation: on
    locations: [Berlin]
    connections:
      - { supplier: north, priority: 1, price_tolerance_pct: 2.5, handling_days: 3 }
      - { supplier: south, priority: 2, active: off }
    mappings:
      - variant: { sku: MUG-0001 }
        alternatives:
          - components: [{ supplier: north, sku: NT-MUG }, { supplier: north, sku: NT-LID, quantity: 2 }]
          - components: [{ supplier: south, sku: S-MUG, accepted_cost: "5.50" }]
"#;

const WRITE: ApplyOptions = ApplyOptions {
    dry_run: false,
    unnamed: Unnamed::Keep,
};

/// An installation with one shop, in a database of its own.
struct Installation {
    app: App,
    folder: PathBuf,
}

impl Installation {
    /// One for each database that is at hand.
    async fn each() -> Vec<Self> {
        let folder = || std::env::temp_dir().join(format!("orderyard-setup-{}", Uuid::now_v7()));
        let of_sqlite = folder();
        let sqlite = format!("sqlite://{}", of_sqlite.join("test.db").display());
        // Each its own: whoever is done takes its folder along.
        let mut places = vec![(sqlite, of_sqlite)];
        #[expect(clippy::disallowed_methods, reason = "the script that starts the server names it so")]
        if let Ok(server) = std::env::var("ORDERYARD_TEST_POSTGRES") {
            places.push((new_database(&server).await, folder()));
        }
        let mut all = Vec::new();
        for (url, folder) in places {
            let app = app(&url).await;
            let tx = app.db.begin().await.expect("begins");
            add_shop(&tx, &app);
            tx.commit().await.expect("commits");
            all.push(Self { app, folder });
        }
        all
    }

    async fn apply(&self, file: &str, options: ApplyOptions) -> Vec<String> {
        let changes = apply_setup(&self.app, file, options).await.expect(file);
        changes.iter().map(ToString::to_string).collect()
    }

    async fn export(&self, secrets: Secrets) -> String {
        let read = read_setup(self.app.db.read(), &self.app.keyring, self.app.clock.now())
            .await
            .expect("reads");
        export::to_yaml(&export::file(&read.installation, secrets)).expect("writes")
    }

    async fn suppliers(&self) -> Vec<suppliers::Model> {
        suppliers::Entity::find().all(self.app.db.read()).await.expect("reads")
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

async fn app(url: &str) -> App {
    let config = Config::from_lookup(|name| match name {
        "SHOPIFY_API_KEY" => Some("key".to_owned()),
        "SHOPIFY_API_SECRET" => Some("secret".to_owned()),
        "DATABASE_URL" => Some(url.to_owned()),
        "ENCRYPTION_KEY" => Some(Keyring::generate_key().expose_secret().to_owned()),
        _ => None,
    })
    .expect("good settings");
    let keyring = config.keyring.clone().expect("given");
    let db = Db::open(&config.database).await.expect("opens");
    db.migrate().await.expect("migrates");
    App::new(config, db, keyring, Clock::default()).expect("fits together")
}

async fn new_database(server: &str) -> String {
    let name = format!("setup_{}", Uuid::now_v7().simple());
    #[expect(
        clippy::disallowed_methods,
        reason = "an empty database is made before there is anything to open"
    )]
    let connection = sea_orm::Database::connect(server).await.expect("the server answers");
    let statement = format!("create database {name}");
    connection.execute_unprepared(&statement).await.expect("a database");
    let mut url = url::Url::parse(server).expect("a URL");
    url.set_path(&name);
    url.into()
}

fn add_shop(tx: &Tx, app: &App) {
    let (id, now) = (ShopId(1), app.clock.now());
    let shop = shops::Model {
        id,
        domain: "demo.myshopify.com".to_owned(),
        name: "Demo".to_owned(),
        currency: Currency::parse("EUR").expect("a currency"),
        time_zone: "Europe/Berlin".to_owned(),
        po_prefix: "DEMO".to_owned(),
        status: ShopStatus::Installed,
        scopes: String::new(),
        access_token: None,
        access_token_expires_at: None,
        refresh_token: None,
        refresh_token_expires_at: None,
        settings: Json(ShopSettings::default()),
        swept_until: None,
        dates_followed_until: None,
        refresh_leased_until: None,
        installed_at: now,
        uninstalled_at: None,
        created_at: now,
    };
    store::insert(tx, shop).expect("a shop");
    let place = |(location, name): (i64, &str)| locations::Model {
        shop_id: id,
        id: ShopifyLocationId(location),
        name: name.to_owned(),
        active: true,
    };
    let places = [(11, "Berlin"), (12, "Wien")].map(place).to_vec();
    store::insert_all(tx, places).expect("locations");
    let variant = |(variant, sku): (i64, &str)| variants::Model {
        shop_id: id,
        id: ShopifyVariantId(variant),
        product_id: ShopifyProductId(9),
        sku: Some(sku.to_owned()),
        barcode: None,
        title: "Default".to_owned(),
        product_title: "Mug".to_owned(),
        requires_shipping: true,
        deleted_at: None,
    };
    let known = [(21, "MUG-0001"), (22, "CAP-0001")].map(variant).to_vec();
    store::insert_all(tx, known).expect("variants");
}

#[tokio::test]
async fn what_was_applied_is_exported_and_applies_to_nothing() {
    for there in Installation::each().await {
        let first = there.apply(FILE, WRITE).await;
        assert_eq!(first.len(), 9, "{first:#?}");
        let second = there.apply(FILE, WRITE).await;
        assert_eq!(second, Vec::<String>::new());
        let prune = ApplyOptions {
            unnamed: Unnamed::Prune,
            ..WRITE
        };
        for secrets in [Secrets::Withheld, Secrets::Written] {
            let exported = there.export(secrets).await;
            let again = there.apply(&exported, prune).await;
            assert_eq!(again, Vec::<String>::new(), "{exported}");
        }
        let exported = there.export(Secrets::Withheld).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(exported, @r#"
            version: 1
            suppliers:
              - key: north
                name: North Textiles
                connector: http
                currency: EUR
                settings:
                  endpoint: https://north.example/orders
                  secret: (unchanged)
                offers:
                  - {sku: NT-LID, title: Lid, cost: "0.80"}
                  - {sku: NT-MUG, title: Mug, cost: "4.20", stock: 120, weight_g: 350, ships_to: [AT, DE]}
              - key: south
                name: South
                shop: demo.myshopify.com
                connector: portal
                currency: EUR
                offers:
                  - {sku: S-MUG, title: Mug, cost: "5.00"}
            shops:
              - domain: demo.myshopify.com
                automation: true
                notify_customer: true
                kit_fulfillment: last_component
                ship_on_payment_terms: false
                locations:
                  - Berlin
                connections:
                  - {supplier: north, priority: 1, price_tolerance_pct: 2.5, handling_days: 3}
                  - {supplier: south, priority: 2, price_tolerance_pct: 0, handling_days: 1, active: false}
                mappings:
                  - variant:
                      sku: MUG-0001
                    alternatives:
                      - components:
                          - {supplier: north, sku: NT-MUG}
                          - {supplier: north, sku: NT-LID, quantity: 2}
                      - components:
                          - {supplier: south, sku: S-MUG, accepted_cost: "5.50"}
            "#);
        }
    }
}

#[tokio::test]
async fn a_dry_run_and_a_file_with_one_mistake_write_nothing() {
    for there in Installation::each().await {
        let dry = ApplyOptions { dry_run: true, ..WRITE };
        assert_eq!(there.apply(FILE, dry).await.len(), 9);
        let broken = FILE.replace("sku: S-MUG, accepted", "sku: S-CUP, accepted");
        let error = apply_setup(&there.app, &broken, WRITE).await.err();
        let Some(ApplyError::File(problems)) = error else {
            panic!("{error:?}");
        };
        assert_eq!(
            problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["line 28, column 26: shops[0].mappings[0].alternatives[1].components[0]: “south” has no offer “S-CUP”"]
        );
        assert_eq!(there.suppliers().await, Vec::new());
    }
}

#[tokio::test]
async fn an_endpoint_inside_the_operators_network_is_refused_with_its_line() {
    for there in Installation::each().await {
        let inside = FILE.replace("https://north.example/orders", "https://127.0.0.1/orders");
        let error = apply_setup(&there.app, &inside, WRITE).await.err();
        let Some(ApplyError::File(problems)) = error else {
            panic!("{error:?}");
        };
        let found: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(
            found[0].starts_with("line 3, column 5: suppliers[0].settings: "),
            "{found:?}"
        );
        assert_eq!(there.suppliers().await, Vec::new());
    }
}

#[tokio::test]
async fn a_secret_rests_sealed_and_is_kept_where_the_file_does_not_tell_it() {
    for there in Installation::each().await {
        there.apply(FILE, WRITE).await;
        let stored = there.suppliers().await;
        let stored = stored
            .iter()
            .find(|row| row.key == "north")
            .and_then(|row| row.secret.clone());
        let stored = stored.expect("a secret");
        assert!(!String::from_utf8_lossy(&stored).contains("whsec"));
        let renamed = there.export(Secrets::Withheld).await.replace("North Textiles", "Nord");
        let changes = there.apply(&renamed, WRITE).await;
        assert_eq!(changes, ["~ supplier north: name “North Textiles” → “Nord”"]);
        let told = there.export(Secrets::Written).await;
        assert!(
            told.contains("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="),
            "{told}"
        );
    }
}

const RULES: &str = r#"    rules:
      - { name: Swiss orders, when: 'order.country == "CH"', only: [north] }
      - { name: Buffer, when: "offer.stock < 50", keep_in_stock: 5, from: "2026-12-01", until: "2026-12-24" }
      - { name: Small orders, when: "order.total < 20", max_parcels: 1, enabled: false }
"#;

/// The file with rules of its shop's.
fn ruled(rules: &str) -> String {
    FILE.replace("    connections:\n", &format!("{rules}    connections:\n"))
}

#[tokio::test]
async fn rules_are_applied_exported_and_kept_in_every_version() {
    for there in Installation::each().await {
        there.apply(&ruled(RULES), WRITE).await;
        assert_eq!(there.apply(&ruled(RULES), WRITE).await, Vec::<String>::new());
        let exported = there.export(Secrets::Withheld).await;
        assert_eq!(there.apply(&exported, WRITE).await, Vec::<String>::new(), "{exported}");
        assert!(exported.contains("name: Swiss orders"), "{exported}");
        // Not named, the rules stay; named as none, they go.
        assert_eq!(there.apply(FILE, WRITE).await, Vec::<String>::new());
        let gone = there.apply(&ruled("    rules: []\n"), WRITE).await;
        assert_eq!(gone.len(), 1, "{gone:?}");
        let shop = shops::with_app(there.app.db.read()).await.expect("shops").remove(0);
        let mut rules = Vec::new();
        for version in 1..=2 {
            let found = store::rule_versions::by_version(there.app.db.read(), shop.id, version).await;
            rules.push(found.expect("reads").expect("a version").rules.0.len());
        }
        assert_eq!(rules, [3, 0]);
    }
}

#[tokio::test]
async fn a_wrong_rule_is_refused_where_it_is_wrong() {
    let there = Installation::each().await.remove(0);
    for (rule, message) in [
        (
            "{ name: A, when: 'order.county == 1', exclude: true }",
            "line 22, column 26: shops[0].rules[0].when: character 1: there is no “order.county”, in order.county == 1",
        ),
        (
            "{ name: A, when: 'offer.stock > 1', never_split: true }",
            "line 22, column 26: shops[0].rules[0].when: character 1: “offer.stock” is not known here: this rule is \
             about the whole order, in offer.stock > 1",
        ),
        (
            "{ name: A, only: [west] }",
            "line 22, column 17: shops[0].rules[0].name: the rule “A” names a supplier that does not exist: west",
        ),
        (
            "{ name: A, exclude: true, max_parcels: 2 }",
            "line 22, column 17: shops[0].rules[0].name: a rule says exactly one of exclude, only, never, \
             keep_in_stock, never_split, ship_together and max_parcels",
        ),
        (
            "{ name: A, never_split: true, from: \"2026-12-02\", until: \"2026-12-01\" }",
            "line 22, column 66: shops[0].rules[0].until: it ends before it begins",
        ),
    ] {
        let file = ruled(&format!("    rules:\n      - {rule}\n"));
        let error = apply_setup(&there.app, &file, WRITE).await.err();
        let Some(ApplyError::File(problems)) = error else {
            panic!("{rule}: {error:?}");
        };
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(told, [message], "{rule}");
    }
}

/// What is accepted until a stock is counted would not be reserved.
#[tokio::test]
async fn a_stock_that_will_be_counted_is_refused_where_it_says_so() {
    let there = Installation::each().await.remove(0);
    let time = |ahead: TimeDelta| (there.app.clock.now() + ahead).to_rfc3339_opts(SecondsFormat::Secs, true);
    let counted = |at: &str| {
        FILE.replacen(
            "    connector: http\n",
            &format!("    connector: http\n    counted_at: {at}\n"),
            1,
        )
    };
    let soon = counted(&time(TimeDelta::minutes(3)));
    assert_ne!(soon, FILE);
    let error = apply_setup(&there.app, &soon, WRITE).await.err();
    let Some(ApplyError::File(problems)) = error else {
        panic!("{error:?}");
    };
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(
        told[0].contains("suppliers[0].counted_at: this is in the future: here it is "),
        "{told:#?}"
    );
    let now = there.apply(&counted(&time(TimeDelta::zero())), WRITE).await;
    assert!(now.iter().any(|line| line.contains("counted_at 20")), "{now:#?}");
}

/// A comparison goes by what is offered and mapped today: what a draft says of these is named, not left out.
#[tokio::test]
async fn a_draft_names_what_it_does_not_count_and_refuses_new_suppliers() {
    for installation in Installation::each().await {
        installation.apply(FILE, WRITE).await;
        let app = &installation.app;
        let same = draft(app, FILE, None).await.expect("a draft");
        assert_eq!(same.not_counted.len(), 0);
        let dearer = FILE
            .replace("cost: \"4.20\"", "cost: \"4.40\"")
            .replace("handling_days: 3", "handling_days: 4")
            .replace("quantity: 2", "quantity: 3");
        let drafted = draft(app, &dearer, None).await.expect("a draft");
        let told: Vec<String> = drafted.not_counted.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].contains("NT-MUG") && told[1].contains("MUG-0001"), "{told:?}");
        let added = FILE
            .replace(
                "shops:\n",
                "  - { key: west, name: West, connector: portal, currency: EUR }\nshops:\n",
            )
            .replace(
                "active: off }\n",
                "active: off }\n      - { supplier: west, priority: 3 }\n",
            );
        assert_ne!(added, FILE);
        let Err(ApplyError::File(problems)) = draft(app, &added, None).await else {
            panic!("a supplier of no past order is refused");
        };
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(
            told.len() == 1 && told[0].contains("shops[0].connections[2]: the shop has no connection with “west” yet"),
            "{told:?}"
        );
    }
}
