//! A pretend Shopify and pretend suppliers that speak only the wire, for the demo and the tests.
//!
//! [`Shopify`] listens on loopback and plays OAuth, the Admin GraphQL API on Shopify's real schema,
//! and webhooks; [`Shop`] is what its merchants and customers do; a [`Supplier`] takes purchase
//! orders and ships. None is more forgiving than the real one. The crate shares no code with the program it is there to test, so that a mistake
//! has to be made twice to go unnoticed. The README describes the control API for other processes.

mod admin;
mod browser;
mod callbacks;
mod carriers;
mod clock;
mod config;
mod control;
mod faults;
mod ids;
mod log;
mod money;
mod oauth;
mod page;
mod payload;
mod scopes;
mod search;
mod server;
mod shop;
mod shopify;
mod signing;
mod spec;
mod state;
mod supplier;
mod tokens;
mod webhooks;

pub use self::{
    browser::{Browser, Page, VisitError},
    callbacks::CallbackAnswer,
    clock::Clock,
    config::ShopifyConfig,
    faults::{AnswerFault, Fault, Faults, Strike, WebhookFault},
    log::RequestRecord,
    shop::{ComplianceTopic, OrderSnapshot, ProductIds, Shop, shopify_gid},
    shopify::{Shopify, StartError},
    signing::{body_signature, jwt, query_signature, standard_signature, verify_jwt, verify_standard},
    spec::{AddressSpec, CustomerSpec, OrderLineSpec, OrderSpec, Plan, ProductSpec, ShopSpec, StockSpec, VariantSpec},
    state::{
        CancelRequest, Customer, DeliveryMethod, EditRequest, FinancialStatus, Fulfillment, FulfillmentEvent,
        FulfillmentLine, FulfillmentOrder, FulfillmentOrderLine, FulfillmentRequest, FulfillmentStatus, Hold,
        HoldRequest, LineItem, MerchantRequest, Order, Refund, RefundLine, RefundRequest, Refused, RequestStatus,
        RestockType, Status, Tracking, UserError,
    },
    supplier::{
        Acknowledge, ApiError, Behaviour, CallRecord, Cancellation, Intake, Parcel, QuestionRecord, Reading,
        RejectReason, Repetition, Shipping, Supplier, SupplierConfig, SupplierFault, SupplierLine, SupplierOrder,
    },
    webhooks::{AttemptRecord, DeliveryRecord, DeliveryState},
};
