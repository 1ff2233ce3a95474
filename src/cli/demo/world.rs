//! The demo's shop, its products, and its suppliers.

use std::collections::BTreeMap;

use sandbox::{
    Acknowledge, Behaviour, ProductSpec, RejectReason, Shipping, Shop, ShopSpec, Shopify, Supplier, SupplierConfig,
    VariantSpec,
};
use url::Url;

use crate::cli::CommandError;

/// The secret that calls to the pretend suppliers are signed with.
const SECRET: &str = "whsec_b3JkZXJ5YXJkLWRlbW8tc3VwcGxpZXItc2VjcmV0";

/// The demo's shop with its variants by SKU.
pub struct DemoShop {
    pub shop: Shop,
    variants: BTreeMap<&'static str, i64>,
}

impl DemoShop {
    /// Shopify's id of a variant.
    pub fn variant(&self, sku: &str) -> Result<i64, CommandError> {
        self.variants
            .get(sku)
            .copied()
            .ok_or_else(|| format!("the demo sells no {sku}").into())
    }
}

const PRODUCTS: [(&str, &str, &str); 6] = [
    ("Stoneware mug", "MUG-0001", "14.00"),
    ("Organic T-shirt", "SHIRT-M", "29.00"),
    ("Tea for two", "GIFT-BOX", "39.00"),
    ("Harbour print, A2", "POSTER-A2", "24.00"),
    ("Beeswax candle", "CANDLE-01", "11.00"),
    ("Linen towel", "TOWEL-01", "18.00"),
];

/// Opens the shop and fills its shelves.
pub fn open_shop(shopify: &Shopify) -> Result<DemoShop, CommandError> {
    let shop = shopify.create_shop("demo.myshopify.com", ShopSpec::default());
    let mut variants = BTreeMap::new();
    for (title, sku, price) in PRODUCTS {
        let product = ProductSpec {
            title: title.to_owned(),
            vendor: "Demo Shop".to_owned(),
            variants: vec![VariantSpec::new(sku, price)],
            ..ProductSpec::default()
        };
        let ids = shop
            .create_product(product)
            .map_err(|error| format!("{sku}: {error:?}"))?;
        variants.insert(sku, *ids.variants.first().ok_or("a product without a variant")?);
    }
    Ok(DemoShop { shop, variants })
}

/// Three suppliers with manners of their own.
pub async fn start_suppliers(app_url: &Url) -> Result<Vec<(&'static str, Supplier)>, CommandError> {
    let ships = |ms: u64| Shipping::Whole { delay_ms: ms };
    let behaviours = [
        (
            "north",
            Behaviour {
                shipping: ships(800),
                tracking_prefix: "JD0001".to_owned(),
                ..Behaviour::default()
            },
        ),
        (
            "east",
            Behaviour {
                acknowledge: Acknowledge::Later { delay_ms: 700 },
                shipping: Shipping::InParts { delay_ms: 1500 },
                carrier: "DPD".to_owned(),
                tracking_prefix: "0550".to_owned(),
                ..Behaviour::default()
            },
        ),
        (
            "south",
            Behaviour {
                shipping: ships(2500),
                rejects: [("SF-TOWEL".to_owned(), RejectReason::OutOfStock)].into(),
                carrier: "GLS".to_owned(),
                tracking_prefix: "GLS77".to_owned(),
                ..Behaviour::default()
            },
        ),
    ];
    let mut suppliers = Vec::new();
    for (key, behaviour) in behaviours {
        let config = SupplierConfig {
            behaviour,
            orderyard_url: Some(app_url.to_string()),
            ..SupplierConfig::new(key, SECRET)
        };
        suppliers.push((key, Supplier::start(config).await?));
    }
    Ok(suppliers)
}

/// The setup file, with the addresses that the suppliers took.
pub fn setup(suppliers: &[(&'static str, Supplier)]) -> String {
    let mut text = include_str!("setup.yaml").replace("{secret}", SECRET);
    for (key, supplier) in suppliers {
        text = text.replace(&format!("{{endpoint:{key}}}"), &supplier.endpoint());
    }
    text
}
