//! Objects of the API while a request runs: what they stand for, the values their fields have, and
//! the glue to the executor. An object is an id; its row is looked up each time, since a mutation
//! earlier in the same request may have changed it.

use std::cell::{Cell, RefCell};

use apollo_compiler::{
    resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue},
    response::JsonMap,
};
use serde_json::{Map, Value, json};

use super::{access, connection::Connection, cost, mutations, objects};
use crate::{ids::parse_gid, scopes::Scopes, state::ShopState};

const MAX_INPUT_SIZE: usize = 250;

/// One request while it runs.
pub(crate) struct Ctx<'a> {
    pub state: RefCell<&'a mut ShopState>,
    pub scopes: &'a Scopes,
    pub api_version: &'a str,
    pub client_id: &'a str,
    pub variables: &'a JsonMap,
    /// Jobs that the request started, to be run after it.
    pub started: RefCell<Vec<String>>,
    pub actual_cost: Cell<u32>,
    problems: RefCell<Vec<Problem>>,
}

/// An error with the extensions that the executor cannot carry.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub message: String,
    pub extensions: Value,
}

/// What a field resolves to.
pub(crate) enum Val {
    Json(Value),
    Node(Node),
    List(Vec<Val>),
}

/// An object.
#[derive(Clone)]
pub(crate) enum Node {
    Query,
    Mutation,
    Shop,
    Installation,
    Location(i64),
    Service(i64),
    Product(i64),
    Variant(i64),
    /// By variant.
    InventoryItem(i64),
    InventoryLevel {
        item: i64,
        location: i64,
    },
    AdjustmentGroup(i64),
    Order(i64),
    Risk(i64),
    LineItem {
        order: i64,
        id: i64,
    },
    FulfillmentOrder(i64),
    FulfillmentOrderLine {
        fulfillment_order: i64,
        id: i64,
    },
    Fulfillment(i64),
    FulfillmentLine {
        fulfillment: i64,
        id: i64,
    },
    Subscription(i64),
    CancelJob {
        id: String,
        result: bool,
    },
    Connection(Connection),
    /// A value object whose fields are all known already.
    Record {
        ty: &'static str,
        fields: Map<String, Value>,
        nodes: Vec<(&'static str, Node)>,
    },
    /// A mutation's payload whose success is a list.
    Listing {
        ty: &'static str,
        list: (&'static str, Vec<Node>),
        error_field: &'static str,
    },
    /// A mutation's payload that says why nothing was done.
    Refusal {
        ty: &'static str,
        fields: Map<String, Value>,
        error_field: &'static str,
        errors: Vec<Node>,
    },
}

impl Node {
    /// A record without objects in it.
    pub fn record(ty: &'static str, fields: Value) -> Self {
        let fields = match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        Self::Record {
            ty,
            fields,
            nodes: Vec::new(),
        }
    }

    fn type_name(&self) -> &str {
        match self {
            Self::Query => "QueryRoot",
            Self::Mutation => "Mutation",
            Self::Shop => "Shop",
            Self::Installation => "AppInstallation",
            Self::Location(_) => "Location",
            Self::Service(_) => "FulfillmentService",
            Self::Product(_) => "Product",
            Self::Variant(_) => "ProductVariant",
            Self::InventoryItem(_) => "InventoryItem",
            Self::InventoryLevel { .. } => "InventoryLevel",
            Self::AdjustmentGroup(_) => "InventoryAdjustmentGroup",
            Self::Order(_) => "Order",
            Self::Risk(_) => "OrderRiskSummary",
            Self::LineItem { .. } => "LineItem",
            Self::FulfillmentOrder(_) => "FulfillmentOrder",
            Self::FulfillmentOrderLine { .. } => "FulfillmentOrderLineItem",
            Self::Fulfillment(_) => "Fulfillment",
            Self::FulfillmentLine { .. } => "FulfillmentLineItem",
            Self::Subscription(_) => "WebhookSubscription",
            Self::CancelJob { result: true, .. } => "OrderCancelJobResult",
            Self::CancelJob { result: false, .. } => "Job",
            Self::Connection(connection) => connection.ty,
            Self::Record { ty, .. } | Self::Listing { ty, .. } | Self::Refusal { ty, .. } => ty,
        }
    }
}

impl Val {
    pub const NULL: Self = Self::Json(Value::Null);

    pub fn nodes(nodes: impl IntoIterator<Item = Node>) -> Self {
        Self::List(nodes.into_iter().map(Self::Node).collect())
    }

    pub fn maybe(node: Option<Node>) -> Self {
        node.map_or(Self::NULL, Self::Node)
    }
}

impl<T: Into<Value>> From<T> for Val {
    fn from(value: T) -> Self {
        Self::Json(value.into())
    }
}

/// The arguments of a field, coerced and with their defaults.
pub(crate) struct Args(Map<String, Value>);

impl Args {
    fn of(info: &ResolveInfo<'_>) -> Self {
        let arguments = info
            .arguments()
            .iter()
            .map(|(key, value)| (key.as_str().to_owned(), plain(value)));
        Self(arguments.collect())
    }

    pub fn get(&self, name: &str) -> &Value {
        self.0.get(name).unwrap_or(&Value::Null)
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).as_str()
    }

    pub fn flag(&self, name: &str) -> bool {
        self.get(name).as_bool().unwrap_or(false)
    }

    pub fn all(&self) -> Value {
        Value::Object(self.0.clone())
    }
}

impl<'a> Ctx<'a> {
    pub fn new(
        state: &'a mut ShopState,
        scopes: &'a Scopes,
        api_version: &'a str,
        client_id: &'a str,
        variables: &'a JsonMap,
    ) -> Self {
        Self {
            state: RefCell::new(state),
            scopes,
            api_version,
            client_id,
            variables,
            started: RefCell::default(),
            actual_cost: Cell::new(0),
            problems: RefCell::default(),
        }
    }

    pub fn read<T>(&self, read: impl FnOnce(&ShopState) -> T) -> T {
        read(&self.state.borrow())
    }

    pub fn change<T>(&self, change: impl FnOnce(&mut ShopState) -> T) -> T {
        change(&mut self.state.borrow_mut())
    }

    /// An error with a code; its text and extensions are put back after execution.
    pub fn fail(&self, code: &str, message: impl Into<String>) -> FieldError {
        self.fail_with(message, json!({ "code": code }))
    }

    fn fail_with(&self, message: impl Into<String>, extensions: Value) -> FieldError {
        let mut problems = self.problems.borrow_mut();
        problems.push(Problem {
            message: message.into(),
            extensions,
        });
        FieldError {
            message: format!("#{}", problems.len() - 1),
        }
    }

    /// The problem that an executor's message stands for.
    pub fn problem(&self, message: &str) -> Option<Problem> {
        let index: usize = message.strip_prefix("resolver error: #")?.parse().ok()?;
        self.problems.borrow().get(index).cloned()
    }

    /// The number of a global id of this kind.
    pub fn id(&self, kind: &str, gid: &Value) -> Result<i64, FieldError> {
        let gid = gid.as_str().unwrap_or_default();
        parse_gid(kind, gid).ok_or_else(|| self.fail("RESOURCE_NOT_FOUND", format!("Invalid global id '{gid}'")))
    }

    pub fn unknown(&self, ty: &str, field: &str) -> FieldError {
        self.fail(
            "SANDBOX_NOT_IMPLEMENTED",
            format!("the sandbox does not play {ty}.{field}"),
        )
    }

    pub fn spend(&self, cost: u32) {
        self.actual_cost.set(self.actual_cost.get() + cost);
    }

    /// May this type be read at all?
    pub fn check_type(&self, ty: &str) -> Result<(), FieldError> {
        self.check_access("", "node", ty)
    }

    fn check_access(&self, parent: &str, field: &str, returned: &str) -> Result<(), FieldError> {
        let Some(needed) = access::needed(parent, field, returned) else {
            return Ok(());
        };
        if self.scopes.allows_any(needed) {
            return Ok(());
        }
        let required = access::required_access(needed);
        let message = format!("Access denied for {field} field. Required access: {required}");
        let extensions = json!({
            "code": "ACCESS_DENIED",
            "documentation": "https://shopify.dev/api/usage/access-scopes",
            "requiredAccess": required,
        });
        Err(self.fail_with(message, extensions))
    }

    fn check_sizes(&self, value: &Value) -> Result<(), FieldError> {
        match value {
            Value::Array(items) if items.len() > MAX_INPUT_SIZE => {
                let message = format!(
                    "The input array size of {} is greater than the maximum allowed of {MAX_INPUT_SIZE}.",
                    items.len()
                );
                Err(self.fail("MAX_INPUT_SIZE_EXCEEDED", message))
            }
            Value::Array(items) => items.iter().try_for_each(|item| self.check_sizes(item)),
            Value::Object(fields) => fields.values().try_for_each(|field| self.check_sizes(field)),
            _ => Ok(()),
        }
    }
}

/// An object bound to its request, as the executor wants it.
pub(crate) struct Bound<'c, 's> {
    pub ctx: &'c Ctx<'s>,
    pub node: Node,
}

impl ObjectValue for Bound<'_, '_> {
    fn type_name(&self) -> &str {
        self.node.type_name()
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let (parent, field) = (self.node.type_name(), info.field_name());
        let returned = info.field_definition().ty.inner_named_type();
        self.ctx.check_access(parent, field, returned)?;
        let args = Args::of(info);
        self.ctx.check_sizes(&args.all())?;
        let value = match &self.node {
            Node::Mutation => {
                self.ctx.spend(cost::MUTATION);
                mutations::resolve(self.ctx, field, &args, idempotency_key(self.ctx, info))?
            }
            node => objects::resolve(self.ctx, node, field, &args)?,
        };
        Ok(bind(self.ctx, value))
    }
}

fn bind<'a>(ctx: &'a Ctx<'_>, value: Val) -> ResolvedValue<'a> {
    match value {
        Val::Json(Value::Array(items)) => {
            ResolvedValue::list(items.into_iter().map(move |item| bind(ctx, Val::Json(item))))
        }
        Val::Json(json) => ResolvedValue::leaf(json),
        Val::Node(node) => {
            ctx.spend(1);
            ResolvedValue::object(Bound { ctx, node })
        }
        Val::List(items) => ResolvedValue::list(items.into_iter().map(move |item| bind(ctx, item))),
    }
}

/// The key of `@idempotent(key:)` on the field.
fn idempotency_key(ctx: &Ctx<'_>, info: &ResolveInfo<'_>) -> Option<String> {
    let directive = info.field_selections().first()?.directives.get("idempotent")?;
    let key = directive.specified_argument_by_name("key")?;
    match key.as_variable() {
        Some(variable) => ctx.variables.get(variable.as_str())?.as_str().map(str::to_owned),
        None => key.as_str().map(str::to_owned),
    }
}

fn plain(value: &apollo_compiler::response::JsonValue) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}
