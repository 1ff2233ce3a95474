//! Cursor pagination. Cursors carry the sort key and id of the row they stand at, so that rows
//! which appear or move between two pages shift nothing, as in Shopify's own.

use apollo_compiler::resolvers::FieldError;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use super::node::{Args, Ctx, Node, Val};

const MAX_PAGE: i64 = 250;

/// A page of objects.
#[derive(Clone)]
pub(crate) struct Connection {
    pub ty: &'static str,
    items: Vec<(String, Node)>,
    has_next: bool,
    has_previous: bool,
}

/// What rows are sorted by, before their id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Key {
    Number(i64),
    Text(String),
}

/// A row with its place.
pub(crate) struct Row {
    pub key: Key,
    pub id: i64,
    pub node: Node,
}

impl Row {
    /// A row sorted by id alone.
    pub fn by_id(id: i64, node: Node) -> Self {
        Self {
            key: Key::Number(id),
            id,
            node,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Cursor {
    last_id: i64,
    last_value: Key,
}

/// The page that the arguments ask for.
pub(crate) fn paginate(ctx: &Ctx<'_>, ty: &'static str, mut rows: Vec<Row>, args: &Args) -> Result<Val, FieldError> {
    let first = page_size(ctx, args, "first")?;
    let last = page_size(ctx, args, "last")?;
    if first.is_some() == last.is_some() {
        let message = if first.is_some() {
            "providing both first and last is not supported"
        } else {
            "you must provide one of first or last"
        };
        return Err(ctx.fail("BAD_REQUEST", message));
    }
    rows.sort_by(|a, b| (&a.key, a.id).cmp(&(&b.key, b.id)));
    let reverse = args.flag("reverse");
    if reverse {
        rows.reverse();
    }
    let total = rows.len();
    let beyond = |row: &Row, cursor: &Cursor| {
        let order = (&row.key, row.id).cmp(&(&cursor.last_value, cursor.last_id));
        if reverse { order.is_lt() } else { order.is_gt() }
    };
    let after = cursor(ctx, args, "after")?;
    let before = cursor(ctx, args, "before")?;
    let at = |row: &Row, cursor: &Cursor| row.id == cursor.last_id && row.key == cursor.last_value;
    rows.retain(|row| {
        after.as_ref().is_none_or(|cursor| beyond(row, cursor))
            && before
                .as_ref()
                .is_none_or(|cursor| !beyond(row, cursor) && !at(row, cursor))
    });
    let in_window = rows.len();
    let (mut has_next, mut has_previous) = (before.is_some(), after.is_some() && total > in_window);
    match (first, last) {
        (Some(first), _) => {
            has_next = has_next || in_window > first;
            rows.truncate(first);
        }
        (_, Some(last)) => {
            has_previous = has_previous || in_window > last;
            rows.drain(..in_window.saturating_sub(last));
        }
        _ => {}
    }
    let items = rows.into_iter().map(|row| (encode(&row), row.node)).collect();
    Ok(Val::Node(Node::Connection(Connection {
        ty,
        items,
        has_next,
        has_previous,
    })))
}

/// Fields of a connection.
pub(crate) fn resolve(ctx: &Ctx<'_>, connection: &Connection, field: &str) -> Result<Val, FieldError> {
    match field {
        "nodes" => Ok(Val::nodes(connection.items.iter().map(|(_, node)| node.clone()))),
        "edges" => Ok(Val::nodes(connection.items.iter().map(|(cursor, node)| {
            let fields = serde_json::Map::from_iter([("cursor".to_owned(), cursor.as_str().into())]);
            Node::Record {
                ty: edge(connection.ty),
                fields,
                nodes: vec![("node", node.clone())],
            }
        }))),
        "pageInfo" => Ok(Val::Node(Node::record(
            "PageInfo",
            serde_json::json!({
                "hasNextPage": connection.has_next,
                "hasPreviousPage": connection.has_previous,
                "startCursor": connection.items.first().map(|(cursor, _)| cursor),
                "endCursor": connection.items.last().map(|(cursor, _)| cursor),
            }),
        ))),
        _ => Err(ctx.unknown(connection.ty, field)),
    }
}

fn edge(connection: &str) -> &'static str {
    match connection {
        "OrderConnection" => "OrderEdge",
        "LineItemConnection" => "LineItemEdge",
        "FulfillmentOrderConnection" => "FulfillmentOrderEdge",
        "FulfillmentOrderLineItemConnection" => "FulfillmentOrderLineItemEdge",
        "FulfillmentLineItemConnection" => "FulfillmentLineItemEdge",
        "FulfillmentConnection" => "FulfillmentEdge",
        "FulfillmentEventConnection" => "FulfillmentEventEdge",
        "LocationConnection" => "LocationEdge",
        "ProductConnection" => "ProductEdge",
        "ProductVariantConnection" => "ProductVariantEdge",
        "InventoryLevelConnection" => "InventoryLevelEdge",
        "WebhookSubscriptionConnection" => "WebhookSubscriptionEdge",
        "RefundLineItemConnection" => "RefundLineItemEdge",
        _ => "FulfillmentOrderMerchantRequestEdge",
    }
}

fn page_size(ctx: &Ctx<'_>, args: &Args, name: &str) -> Result<Option<usize>, FieldError> {
    match args.get(name).as_i64() {
        None => Ok(None),
        Some(size) if size > MAX_PAGE => Err(ctx.fail(
            "BAD_REQUEST",
            format!("The {name} argument of {size} exceeds the maximum of {MAX_PAGE}."),
        )),
        Some(size) => usize::try_from(size)
            .map(Some)
            .map_err(|_| ctx.fail("BAD_REQUEST", format!("{name} must not be negative"))),
    }
}

fn cursor(ctx: &Ctx<'_>, args: &Args, name: &str) -> Result<Option<Cursor>, FieldError> {
    let Some(text) = args.text(name) else { return Ok(None) };
    let decoded = STANDARD
        .decode(text)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok());
    decoded
        .map(Some)
        .ok_or_else(|| ctx.fail("BAD_REQUEST", "Invalid cursor for current pagination sort."))
}

fn encode(row: &Row) -> String {
    let cursor = Cursor {
        last_id: row.id,
        last_value: row.key.clone(),
    };
    STANDARD.encode(serde_json::to_string(&cursor).unwrap_or_default())
}
