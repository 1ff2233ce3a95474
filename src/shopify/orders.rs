//! An order as Shopify has it now, whole: every page of every list is read.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    answer::Answer,
    client::{Access, AdminApi},
    error::ApiError,
    fulfillment_orders::{self, FulfillmentOrderSnapshot, Partial},
    fulfillments::{self, FulfillmentSnapshot},
    gid,
    operations::{
        OrderAssessments, OrderById, OrderLines, OrdersUpdatedSince, order_assessments, order_by_id, order_lines,
        orders_updated_since,
    },
    reading::{Page, Reading, convert, next_page},
    scalars::{
        DateTime, OrderCancelReason, OrderDisplayFinancialStatus, OrderDisplayFulfillmentStatus,
        OrderRiskRecommendationResult, RiskAssessmentResult, Unusable, money, quantity,
    },
};
use crate::{
    domain::{
        address::Address,
        money::{Currency, Money},
    },
    ids::{ShopifyCustomerId, ShopifyLineItemId, ShopifyOrderId, ShopifyProductId, ShopifyVariantId},
};

/// An order with all its lines, fulfillment orders and fulfillments.
#[expect(
    clippy::struct_excessive_bools,
    reason = "these are Shopify's own flags, each with its own meaning"
)]
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderSnapshot {
    pub id: ShopifyOrderId,
    /// As people say it: `#1001`.
    pub name: String,
    pub created_at: DateTime,
    /// What decides which of two readings is the newer.
    pub updated_at: DateTime,
    pub processed_at: DateTime,
    pub cancelled_at: Option<DateTime>,
    pub cancel_reason: Option<OrderCancelReason>,
    pub closed_at: Option<DateTime>,
    pub test: bool,
    pub confirmed: bool,
    pub edited: bool,
    pub requires_shipping: bool,
    /// Absent on orders that never had a payment; that is not paid.
    pub financial_status: Option<OrderDisplayFinancialStatus>,
    pub fulfillment_status: OrderDisplayFulfillmentStatus,
    pub currency: Currency,
    pub presentment_currency: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub note: Option<String>,
    pub po_number: Option<String>,
    pub tags: Vec<String>,
    /// Where the order came from: `web`, `pos`, an app's name.
    pub source_name: Option<String>,
    pub source_identifier: Option<String>,
    pub channel: Option<String>,
    pub app_name: Option<String>,
    pub customer_locale: Option<String>,
    pub customer: Option<ShopifyCustomerId>,
    /// None where the token may not read customers.
    pub customer_tags: Option<Vec<String>>,
    pub risk: OrderRiskRecommendationResult,
    /// An assessment is still to come that may make it worse; false where assessments were not asked for.
    pub risk_is_pending: bool,
    pub ship_to: Option<Address>,
    pub shipping_line: Option<ShippingLine>,
    pub totals: Totals,
    pub lines: Vec<OrderLine>,
    pub fulfillment_orders: Vec<FulfillmentOrderSnapshot>,
    pub fulfillments: Vec<FulfillmentSnapshot>,
}

/// Names the order and leaves out its customer.
impl fmt::Debug for OrderSnapshot {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("OrderSnapshot")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("updated_at", &self.updated_at)
            .field("lines", &self.lines.len())
            .field("fulfillment_orders", &self.fulfillment_orders.len())
            .field("fulfillments", &self.fulfillments.len())
            .finish_non_exhaustive()
    }
}

/// After edits and refunds, in the shop's currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    pub total: Money,
    pub subtotal: Money,
    pub shipping: Money,
    pub tax: Money,
    pub outstanding: Money,
}

/// What the customer chose at checkout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShippingLine {
    pub title: String,
    pub code: Option<String>,
    pub carrier: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLine {
    pub id: ShopifyLineItemId,
    pub title: String,
    pub variant_title: Option<String>,
    pub sku: Option<String>,
    pub vendor: Option<String>,
    /// As ordered, removed and refunded units included.
    pub quantity: u32,
    /// Without removed and refunded units.
    pub current_quantity: u32,
    pub unfulfilled_quantity: u32,
    pub refundable_quantity: u32,
    pub non_fulfillable_quantity: u32,
    pub requires_shipping: bool,
    pub gift_card: bool,
    /// None for custom lines and deleted variants.
    pub variant: Option<ShopifyVariantId>,
    pub product: Option<ShopifyProductId>,
    /// As the product has them now; none for custom lines and deleted products.
    pub product_tags: Vec<String>,
    /// The bundle that the line is a part of.
    pub group: Option<LineGroup>,
    /// What one piece was sold for, all discounts taken off.
    pub unit_price: Money,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineGroup {
    pub id: String,
    pub title: String,
    pub quantity: u32,
}

/// As `OrderById.graphql` asks for.
const FULFILLMENTS_IN_FIRST_CALL: usize = 5;

/// An order that changed, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedOrder {
    pub id: ShopifyOrderId,
    pub name: String,
    pub updated_at: DateTime,
}

/// What is read of an order only where it is wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Besides {
    /// The customer's id and tags, for which the token needs `read_customers`.
    pub customer: bool,
    /// Whether its risk was assessed yet.
    pub assessments: bool,
}

impl AdminApi {
    /// Reads one order. None if the shop has no such order, or (without
    /// `read_all_orders`) if it is older than 60 days: that is not a deletion.
    pub async fn order(
        &self,
        access: &Access<'_>,
        id: ShopifyOrderId,
        besides: Besides,
    ) -> Result<Answer<Option<OrderSnapshot>>, ApiError> {
        let mut reading = Reading::new(self, access);
        // Before its advice: what is finished in between is read as pending, and not as without advice.
        let risk_is_pending = besides.assessments && is_pending(&mut reading, id).await?;
        let variables = order_by_id::Variables {
            id: gid::format(id),
            with_customer: besides.customer,
        };
        let Some(wire) = reading.call::<OrderById>(variables).await?.order else {
            return Ok(reading.finish(None));
        };
        let mut order = read_rest(&mut reading, id, wire).await?;
        if let Some(order) = &mut order {
            use OrderRiskRecommendationResult::{Cancel, Investigate};
            // Bad enough as it is.
            order.risk_is_pending = risk_is_pending && !matches!(order.risk, Cancel | Investigate);
            order.customer_tags.take_if(|_| !besides.customer);
        }
        Ok(reading.finish(order))
    }

    /// One page of the orders that changed at or after `since`, the oldest
    /// change first. For reconciliation: pass `next` back until it is none.
    pub async fn orders_updated_since(
        &self,
        access: &Access<'_>,
        since: DateTime,
        after: Option<String>,
    ) -> Result<Answer<Page<ChangedOrder>>, ApiError> {
        let variables = orders_updated_since::Variables {
            query: updated_since(since),
            after,
        };
        self.call::<OrdersUpdatedSince>(access, variables)
            .await?
            .try_map(|mut data| -> Result<_, Unusable> {
                let next = next_page!(data.orders)?;
                let items = data.orders.nodes.into_iter().map(|order| {
                    Ok(ChangedOrder {
                        id: gid::parse(&order.id)?,
                        name: order.name,
                        updated_at: order.updated_at,
                    })
                });
                Ok(Page {
                    items: items.collect::<Result<_, Unusable>>()?,
                    next,
                })
            })
    }
}

/// Shopify's search for what changed at or after a time, in whole seconds.
pub(super) fn updated_since(since: DateTime) -> String {
    format!("updated_at:>='{}'", since.format("%Y-%m-%dT%H:%M:%SZ"))
}

/// Whether some assessment of the order's risk is still to come.
async fn is_pending(reading: &mut Reading<'_>, id: ShopifyOrderId) -> Result<bool, ApiError> {
    let variables = order_assessments::Variables { id: gid::format(id) };
    let Some(order) = reading.call::<OrderAssessments>(variables).await?.order else {
        return Ok(false);
    };
    let mut assessments = order.risk.assessments.iter();
    Ok(assessments.any(|assessment| assessment.risk_level == RiskAssessmentResult::Pending))
}

/// Reads the pages that the first answer left out. None when the order was
/// deleted meanwhile.
async fn read_rest(
    reading: &mut Reading<'_>,
    id: ShopifyOrderId,
    mut wire: order_by_id::OrderByIdOrder,
) -> Result<Option<OrderSnapshot>, ApiError> {
    let mut more_lines = next_page!(wire.line_items)?;
    let mut lines: Vec<OrderLine> = convert(std::mem::take(&mut wire.line_items.nodes))?;
    while let Some(after) = more_lines {
        let variables = order_lines::Variables {
            id: gid::format(id),
            after: Some(after),
        };
        let Some(found) = reading.call::<OrderLines>(variables).await?.order else {
            return Ok(None);
        };
        let mut page = found.line_items;
        more_lines = next_page!(page)?;
        lines.extend(convert::<_, OrderLine>(page.nodes)?);
    }

    let more = next_page!(wire.fulfillment_orders)?;
    let partial: Vec<Partial> = convert(std::mem::take(&mut wire.fulfillment_orders.nodes))?;
    let Some(fulfillment_orders) = fulfillment_orders::complete(reading, id, partial, more).await? else {
        return Ok(None);
    };

    let first = convert(std::mem::take(&mut wire.fulfillments))?;
    let Some(fulfillments) = fulfillments::complete(reading, id, first, FULFILLMENTS_IN_FIRST_CALL).await? else {
        return Ok(None);
    };
    Ok(Some(snapshot(wire, lines, fulfillment_orders, fulfillments)?))
}

fn snapshot(
    wire: order_by_id::OrderByIdOrder,
    lines: Vec<OrderLine>,
    fulfillment_orders: Vec<FulfillmentOrderSnapshot>,
    fulfillments: Vec<FulfillmentSnapshot>,
) -> Result<OrderSnapshot, Unusable> {
    let totals = totals(&wire)?;
    Ok(OrderSnapshot {
        id: gid::parse(&wire.id)?,
        name: wire.name,
        created_at: wire.created_at,
        updated_at: wire.updated_at,
        processed_at: wire.processed_at,
        cancelled_at: wire.cancelled_at,
        cancel_reason: wire.cancel_reason,
        closed_at: wire.closed_at,
        test: wire.test,
        confirmed: wire.confirmed,
        edited: wire.edited,
        requires_shipping: wire.requires_shipping,
        financial_status: wire.display_financial_status,
        fulfillment_status: wire.display_fulfillment_status,
        currency: Currency::parse(&wire.currency_code)?,
        presentment_currency: wire.presentment_currency_code,
        ship_to: wire.shipping_address.map(|address| Address {
            name: address.name,
            company: address.company,
            address1: address.address1,
            address2: address.address2,
            city: address.city,
            province: address.province,
            province_code: address.province_code,
            zip: address.zip,
            country_code: address.country_code_v2,
            phone: address.phone,
            email: wire.email.clone(),
        }),
        email: wire.email,
        phone: wire.phone,
        note: wire.note,
        po_number: wire.po_number,
        tags: wire.tags,
        source_name: wire.source_name,
        source_identifier: wire.source_identifier,
        channel: wire.attribution.map(|attribution| attribution.display_name),
        app_name: wire.app.map(|app| app.name),
        customer_locale: wire.customer_locale,
        customer: wire
            .customer
            .as_ref()
            .map(|customer| gid::parse(&customer.id))
            .transpose()?,
        // Nobody has no tags.
        customer_tags: Some(wire.customer.map(|customer| customer.tags).unwrap_or_default()),
        risk: wire.risk.recommendation,
        risk_is_pending: false,
        shipping_line: wire.shipping_line.map(|line| ShippingLine {
            title: line.title,
            code: line.code,
            carrier: line.carrier_identifier,
        }),
        totals,
        lines,
        fulfillment_orders,
        fulfillments,
    })
}

fn totals(wire: &order_by_id::OrderByIdOrder) -> Result<Totals, Unusable> {
    macro_rules! shop_money {
        ($bag:ident) => {
            money(wire.$bag.shop_money.amount, &wire.$bag.shop_money.currency_code)?
        };
    }
    Ok(Totals {
        total: shop_money!(current_total_price_set),
        subtotal: shop_money!(current_subtotal_price_set),
        shipping: shop_money!(current_shipping_price_set),
        tax: shop_money!(current_total_tax_set),
        outstanding: shop_money!(total_outstanding_set),
    })
}

// The same fragment stands in two documents and becomes a type in each.
macro_rules! from_line_fragments {
    ($($module:ident),+) => {$(
        impl TryFrom<$module::LineFields> for OrderLine {
            type Error = Unusable;
            fn try_from(wire: $module::LineFields) -> Result<Self, Unusable> {
                let price = wire.discounted_unit_price_after_all_discounts_set.shop_money;
                let group = wire.line_item_group.map(|group| {
                    Ok::<_, Unusable>(LineGroup {
                        id: group.id,
                        title: group.title,
                        quantity: quantity(group.quantity)?,
                    })
                });
                Ok(Self {
                    id: gid::parse(&wire.id)?,
                    title: wire.title,
                    variant_title: wire.variant_title,
                    sku: wire.sku,
                    vendor: wire.vendor,
                    quantity: quantity(wire.quantity)?,
                    current_quantity: quantity(wire.current_quantity)?,
                    unfulfilled_quantity: quantity(wire.unfulfilled_quantity)?,
                    refundable_quantity: quantity(wire.refundable_quantity)?,
                    non_fulfillable_quantity: quantity(wire.non_fulfillable_quantity)?,
                    requires_shipping: wire.requires_shipping,
                    gift_card: wire.is_gift_card,
                    variant: wire.variant.map(|variant| gid::parse(&variant.id)).transpose()?,
                    product: wire.product.as_ref().map(|product| gid::parse(&product.id)).transpose()?,
                    product_tags: wire.product.map(|product| product.tags).unwrap_or_default(),
                    group: group.transpose()?,
                    unit_price: money(price.amount, &price.currency_code)?,
                })
            }
        }
    )+};
}
from_line_fragments!(order_by_id, order_lines);
