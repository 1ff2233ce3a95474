//! Products and variants.

use chrono::{DateTime, Utc};

use crate::{
    ids::Kind,
    money, payload,
    spec::{ProductSpec, StockSpec, VariantSpec},
};

use super::{Level, Refused, ShopState, error::refuse};

/// A product.
#[derive(Debug, Clone)]
pub(crate) struct Product {
    pub id: i64,
    pub title: String,
    pub vendor: String,
    pub tags: Vec<String>,
    pub variants: Vec<i64>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A variant and the inventory item behind it.
#[derive(Debug, Clone)]
pub(crate) struct Variant {
    pub id: i64,
    pub product_id: i64,
    pub inventory_item_id: i64,
    pub title: String,
    pub sku: String,
    pub barcode: Option<String>,
    pub price_minor: i64,
    pub weight_g: u32,
    pub requires_shipping: bool,
    pub tracked: bool,
    pub position: usize,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl ShopState {
    pub fn create_product(&mut self, spec: ProductSpec) -> Result<i64, Refused> {
        if spec.title.is_empty() {
            return refuse(&["title"], "Title can't be blank");
        }
        let now = self.now();
        let id = self.next_id(Kind::Product);
        let mut variants = Vec::new();
        let specs = if spec.variants.is_empty() {
            vec![VariantSpec::default()]
        } else {
            spec.variants
        };
        for (index, variant) in specs.into_iter().enumerate() {
            variants.push(self.create_variant(id, index + 1, variant)?);
        }
        let product = Product {
            id,
            title: spec.title,
            vendor: if spec.vendor.is_empty() {
                self.spec.name.clone()
            } else {
                spec.vendor
            },
            tags: spec.tags,
            variants,
            created_at: now,
            updated_at: now,
        };
        self.products.insert(id, product);
        if let Some(payload) = payload::product(self, id) {
            self.emit("products/create", payload);
        }
        Ok(id)
    }

    fn create_variant(&mut self, product_id: i64, position: usize, spec: VariantSpec) -> Result<i64, Refused> {
        let Some(price_minor) = money::parse_minor(&spec.price, self.currency()) else {
            return refuse(&["variants", "price"], format!("Price {} is not a decimal", spec.price));
        };
        let now = self.now();
        let id = self.next_id(Kind::Variant);
        let inventory_item_id = self.next_id(Kind::InventoryItem);
        let stock = if spec.stock.is_empty() {
            self.default_location()
                .map(|location_id| StockSpec {
                    location_id,
                    quantity: 100,
                })
                .into_iter()
                .collect()
        } else {
            spec.stock
        };
        for StockSpec { location_id, quantity } in stock {
            self.active_location(location_id, &["variants", "stock", "locationId"])?;
            self.levels.insert(
                (inventory_item_id, location_id),
                Level {
                    available: quantity,
                    updated_at: now,
                },
            );
        }
        let variant = Variant {
            id,
            product_id,
            inventory_item_id,
            title: spec.title,
            sku: spec.sku,
            barcode: spec.barcode,
            price_minor,
            weight_g: spec.weight_g,
            requires_shipping: spec.requires_shipping,
            tracked: spec.tracked,
            position,
            created_at: now,
            updated_at: now,
        };
        self.variants.insert(id, variant);
        Ok(id)
    }

    /// Gives a variant another SKU, as a merchant may at any time.
    pub fn rename_sku(&mut self, variant_id: i64, sku: String) -> Result<(), Refused> {
        let now = self.now();
        let Some(variant) = self.variants.get_mut(&variant_id) else {
            return refuse(&["id"], "Variant does not exist");
        };
        variant.sku = sku;
        variant.updated_at = now;
        let product_id = variant.product_id;
        if let Some(product) = self.products.get_mut(&product_id) {
            product.updated_at = now;
        }
        if let Some(payload) = payload::product(self, product_id) {
            self.emit("products/update", payload);
        }
        Ok(())
    }
}
