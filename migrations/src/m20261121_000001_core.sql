create table shops (
  id bigint primary key,
  domain text not null unique,
  name text not null,
  currency text not null,
  time_zone text not null,
  po_prefix text not null unique,
  status text not null,
  scopes text not null,
  access_token {BYTES},
  access_token_expires_at {TIME},
  refresh_token {BYTES},
  refresh_token_expires_at {TIME},
  settings {JSON} not null,
  swept_until {TIME},
  dates_followed_until {TIME},
  refresh_leased_until {TIME},
  installed_at {TIME} not null,
  uninstalled_at {TIME},
  created_at {TIME} not null
);

create table sweeps (
  id {UUID} primary key,
  shop_id bigint not null,
  origin text not null,
  phase text not null,
  since {TIME} not null,
  asked_from {TIME} not null,
  after text,
  pages integer not null,
  seen integer not null,
  orders_missing integer not null,
  orders_outdated integer not null,
  subscriptions_missing integer not null,
  work_resumed integer not null,
  asked integer not null,
  reports_missed integer not null,
  began_at {TIME} not null,
  ended_at {TIME}
);
create index sweeps_by_shop on sweeps (shop_id, id);
create unique index sweeps_open_once on sweeps (shop_id) where ended_at is null and origin = 'timer';

create table shop_budgets (
  shop_id bigint primary key,
  available bigint not null,
  maximum bigint not null,
  restore_rate bigint not null,
  as_of_ms bigint not null
);

create table locations (
  shop_id bigint not null,
  id bigint not null,
  name text not null,
  active boolean not null,
  primary key (shop_id, id)
);

create table oauth_states (
  state_hash {BYTES} primary key,
  shop_domain text not null,
  expires_at {TIME} not null
);
create index oauth_states_by_expiry on oauth_states (expires_at);

create table deliveries (
  id {UUID} primary key,
  shop_domain text not null,
  webhook_id text not null,
  topic text not null,
  event_id text,
  triggered_at {TIME},
  api_version text not null,
  body {BYTES},
  received_at {TIME} not null,
  status text not null,
  note text,
  shop_id bigint,
  shopify_order_id bigint
);
create unique index deliveries_once on deliveries (shop_domain, webhook_id);
create index deliveries_unread on deliveries (shop_domain, id) where status = 'received';
create index deliveries_by_order on deliveries (shop_id, shopify_order_id) where shopify_order_id is not null;
create index deliveries_led_nowhere_by_id on deliveries (id)
  where status in ('unknown_shop','unreadable','contradicted','not_found','given_up');
create index deliveries_led_nowhere on deliveries (shop_domain, id)
  where status in ('unknown_shop','unreadable','contradicted','not_found','given_up');

create table delivery_sizes (
  since {UUID} primary key,
  upto {UUID} not null,
  bytes bigint not null
);

create table security_events (
  id {UUID} primary key,
  at {TIME} not null,
  kind text not null,
  subject text not null,
  detail text not null
);
create index security_events_by_time on security_events (at);

create table prune_marks (
  name text primary key,
  upto {UUID} not null
);

create table jobs (
  id {UUID} primary key,
  name text not null,
  payload text not null,
  shop_id bigint,
  serial_key text,
  dedupe_key text,
  state text not null,
  waits_for text not null,
  priority integer not null,
  lane bigint not null,
  run_at_ms bigint not null,
  triggered_at_ms bigint not null,
  attempts integer not null,
  lease_id {UUID},
  leased_until_ms bigint,
  last_error text,
  parked_for text,
  parked_since_ms bigint,
  created_at_ms bigint not null
);
create index jobs_turn on jobs (priority, lane, run_at_ms, triggered_at_ms) where state = 'ready' and waits_for = 'turn';
create index jobs_later on jobs (run_at_ms) where state = 'ready' and waits_for = 'time';
create index jobs_waiting_by_key on jobs (serial_key, triggered_at_ms, id) where state = 'ready';
create index jobs_parked on jobs (parked_for, run_at_ms) where state = 'ready' and waits_for = 'time' and parked_for is not null;
create unique index jobs_serial on jobs (serial_key) where state = 'running';
create unique index jobs_dedupe on jobs (dedupe_key) where state = 'ready';
create index jobs_leases on jobs (leased_until_ms) where state = 'running';
create index jobs_dead on jobs (shop_id, id) where state = 'dead';
create index jobs_dead_by_id on jobs (id) where state = 'dead';
create index jobs_dead_by_key on jobs (serial_key) where state = 'dead';
create index jobs_of_shop on jobs (shop_id, run_at_ms) where state = 'ready';

create table circuits (
  subject text primary key,
  failures integer not null,
  opened_at_ms bigint,
  next_try_ms bigint not null,
  reason text not null
);

create table schedules (
  name text primary key,
  next_run_ms bigint not null
);

create table intents (
  id {UUID} primary key,
  key text not null unique,
  kind text not null,
  shop_id bigint,
  supplier_id {UUID},
  order_id {UUID},
  subject_id {UUID} not null,
  request {JSON} not null,
  outcome text not null,
  evidence {JSON},
  calls integer not null,
  created_at {TIME} not null,
  called_at {TIME},
  settled_at {TIME}
);
create index intents_by_order on intents (order_id);
create index intents_open on intents (shop_id, id) where outcome in ('pending','unknown');

create table suppliers (
  id {UUID} primary key,
  key text not null unique,
  shop_id bigint,
  name text not null,
  connector text not null,
  currency text not null,
  endpoint text,
  secret {BYTES},
  created_at {TIME} not null
);
create index suppliers_by_shop on suppliers (shop_id, key);

create table supplier_reads (
  supplier_id {UUID} primary key references suppliers (id),
  endpoint {BYTES} not null,
  offered boolean not null,
  since {TIME} not null,
  problem text,
  ask_after {TIME}
);

create table connections (
  id {UUID} primary key,
  shop_id bigint not null,
  supplier_id {UUID} not null references suppliers (id),
  priority integer not null,
  price_tolerance_bp integer not null,
  handling_days integer not null,
  answer_hours integer not null,
  service {JSON} not null,
  active boolean not null,
  costs {JSON},
  on_time_bp integer,
  created_at {TIME} not null
);
create unique index connections_once on connections (shop_id, supplier_id);
create index connections_by_supplier on connections (supplier_id);
create index connections_with_deadline on connections (id) where answer_hours > 0;

create table offers (
  id {UUID} primary key,
  supplier_id {UUID} not null references suppliers (id),
  sku text not null,
  barcode text,
  title text not null,
  cost_minor bigint not null,
  currency text not null,
  stock integer,
  reserved integer not null,
  weight_g integer,
  goods {JSON} not null,
  ships_to {JSON} not null,
  price_breaks {JSON} not null,
  active boolean not null,
  updated_at {TIME} not null
);
create unique index offers_once on offers (supplier_id, sku);

create table offer_keys (
  supplier_id {UUID} not null references suppliers (id),
  kind text not null,
  key text not null,
  offer_id {UUID} not null references offers (id),
  primary key (supplier_id, kind, key, offer_id)
);
create index offer_keys_by_offer on offer_keys (offer_id);

create table variants (
  shop_id bigint not null,
  id bigint not null,
  product_id bigint not null,
  sku text,
  barcode text,
  title text not null,
  product_title text not null,
  requires_shipping boolean not null,
  deleted_at {TIME},
  primary key (shop_id, id)
);
create index variants_by_sku on variants (shop_id, sku);
create index variants_by_product on variants (shop_id, product_id);

create table variant_keys (
  shop_id bigint not null,
  kind text not null,
  key text not null,
  variant_id bigint not null,
  primary key (shop_id, kind, key, variant_id)
);
create index variant_keys_by_variant on variant_keys (shop_id, variant_id);

create table match_runs (
  id {UUID} primary key,
  shop_id bigint not null,
  after bigint not null,
  seen integer not null,
  certain integer not null,
  doubtful integer not null,
  began_at {TIME} not null,
  ended_at {TIME}
);
create index match_runs_by_shop on match_runs (shop_id, id);
create unique index match_runs_open_once on match_runs (shop_id) where ended_at is null;

create table match_proposals (
  id {UUID} primary key,
  shop_id bigint not null,
  variant_id bigint not null,
  offer_id {UUID} not null references offers (id),
  found_by text not null,
  key text not null,
  doubts {JSON} not null,
  certain boolean not null,
  status text not null,
  made_at {TIME} not null,
  decided_by text
);
create unique index match_proposals_once on match_proposals (shop_id, variant_id, offer_id);
create index match_proposals_open on match_proposals (shop_id, certain, variant_id, id) where status = 'open';

create table mappings (
  id {UUID} primary key,
  shop_id bigint not null,
  variant_id bigint not null,
  updated_at {TIME} not null
);
create unique index mappings_once on mappings (shop_id, variant_id);

create table mapping_components (
  id {UUID} primary key,
  shop_id bigint not null,
  mapping_id {UUID} not null references mappings (id),
  alternative_id {UUID} not null,
  rank integer not null,
  position integer not null,
  offer_id {UUID} not null references offers (id),
  quantity integer not null,
  accepted_cost_minor bigint not null,
  currency text not null,
  valid_from date,
  valid_until date
);
create index mapping_components_by_mapping on mapping_components (mapping_id, rank, position);
create index mapping_components_by_offer on mapping_components (offer_id);
create index mapping_components_by_first_day on mapping_components (shop_id, valid_from) where valid_from is not null;
create index mapping_components_by_last_day on mapping_components (shop_id, valid_until) where valid_until is not null;

create table orders (
  id {UUID} primary key,
  shop_id bigint not null,
  shopify_id bigint not null,
  name text not null,
  status text not null,
  reason text,
  financial_status text not null,
  currency text not null,
  total_minor bigint not null,
  cancelled_at {TIME},
  placed_at {TIME} not null,
  shopify_updated_at {TIME} not null,
  imported_at {TIME} not null,
  needs_shipping boolean not null,
  ship_to {JSON},
  facts {JSON} not null,
  customer_id bigint,
  po_counter integer not null,
  waits integer not null,
  redacted_at {TIME}
);
create unique index orders_once on orders (shop_id, shopify_id);
create index orders_by_time on orders (shop_id, placed_at, id);
create index orders_by_status on orders (shop_id, status, placed_at, id);
create index orders_by_name on orders (shop_id, name);
create index orders_by_customer on orders (shop_id, customer_id);

create table order_lines (
  id {UUID} primary key,
  shop_id bigint not null,
  order_id {UUID} not null references orders (id),
  shopify_id bigint not null,
  position integer not null,
  variant_id bigint,
  sku text,
  title text not null,
  variant_title text,
  requires_shipping boolean not null,
  quantity integer not null,
  current_quantity integer not null,
  ours integer not null,
  held integer not null,
  elsewhere integer not null,
  fulfilled_by_us integer not null,
  fulfilled_outside integer not null,
  handled integer not null
);
create unique index order_lines_once on order_lines (order_id, shopify_id);

create table fulfillment_orders (
  shop_id bigint not null,
  id bigint not null,
  order_id {UUID} not null references orders (id),
  status text not null,
  location_id bigint,
  location_name text not null,
  delivery_method text not null,
  lines {JSON} not null,
  primary key (shop_id, id)
);
create index fulfillment_orders_by_order on fulfillment_orders (shop_id, order_id);

create table routing_plans (
  id {UUID} primary key,
  shop_id bigint not null,
  order_id {UUID} not null references orders (id),
  decided_at {TIME} not null,
  cost_minor bigint,
  currency text,
  explanation {JSON} not null
);
create index routing_plans_by_order on routing_plans (order_id, id);

create table rule_versions (
  id {UUID} primary key,
  shop_id bigint not null,
  version integer not null,
  rules {JSON} not null,
  what text not null,
  made_at {TIME} not null,
  made_by text not null
);
create unique index rule_versions_once on rule_versions (shop_id, version);

create table what_if_runs (
  id {UUID} primary key,
  shop_id bigint not null,
  state text not null,
  since {TIME} not null,
  until {TIME} not null,
  currency text not null,
  basis {JSON} not null,
  mark {JSON} not null,
  total integer,
  listed integer not null,
  asked_by text not null,
  asked_at {TIME} not null,
  ended_at {TIME},
  failure text
);
create index what_if_runs_by_shop on what_if_runs (shop_id, id);

create table what_if_orders (
  run_id {UUID} not null,
  number integer not null,
  shop_id bigint not null,
  order_id {UUID} not null,
  name text not null,
  placed_at {TIME} not null,
  saving_minor bigint not null,
  live {JSON} not null,
  draft {JSON} not null,
  primary key (run_id, number)
);
create index what_if_orders_by_saving on what_if_orders (run_id, saving_minor desc, number);

create table purchase_orders (
  id {UUID} primary key,
  number text not null unique,
  shop_id bigint not null,
  supplier_id {UUID} not null references suppliers (id),
  order_id {UUID} not null references orders (id),
  order_name text not null,
  status text not null,
  currency text not null,
  total_minor bigint not null,
  ship_to {JSON},
  ship_by {TIME},
  supplier_reference text,
  created_at {TIME} not null,
  send_after {TIME},
  given_up_at {TIME},
  sent_at {TIME},
  asked_at {TIME},
  placed_at {TIME},
  cancel_requested_at {TIME},
  cancel_reason text,
  updated_at {TIME} not null
);
create index purchase_orders_by_shop on purchase_orders (shop_id, created_at, id);
create index purchase_orders_unsent on purchase_orders (shop_id, id) where status in ('draft','placing');
create index purchase_orders_to_ask on purchase_orders (shop_id, supplier_id, coalesce(asked_at, sent_at), id)
  where status in ('outcome_unknown','placed','accepted','partly_shipped','cancel_requested');
create index purchase_orders_by_supplier on purchase_orders (supplier_id, status, created_at, id);
create index purchase_orders_of_supplier on purchase_orders (supplier_id, id);
create index purchase_orders_of_supplier_by_change on purchase_orders (supplier_id, updated_at, id);
create index purchase_orders_of_supplier_by_time on purchase_orders (supplier_id, created_at, id);
create index purchase_orders_by_order on purchase_orders (order_id);
create index purchase_orders_placed on purchase_orders (shop_id, supplier_id) where placed_at is not null;

create table po_lines (
  id {UUID} primary key,
  shop_id bigint not null,
  supplier_id {UUID} not null,
  purchase_order_id {UUID} not null references purchase_orders (id),
  position integer not null,
  offer_id {UUID} not null references offers (id),
  sku text not null,
  title text not null,
  quantity integer not null,
  unit_cost_minor bigint not null,
  accepted integer not null,
  rejected integer not null,
  shipped integer not null,
  cancelled integer not null,
  cancel_requested integer not null,
  never_sent integer not null,
  reject_reason text
);
create index po_lines_by_order on po_lines (purchase_order_id, position);

create table allocations (
  id {UUID} primary key,
  shop_id bigint not null,
  order_id {UUID} not null references orders (id),
  plan_id {UUID} not null references routing_plans (id),
  order_line_id {UUID} not null references order_lines (id),
  group_id {UUID} not null,
  units integer not null,
  per_unit integer not null,
  offer_id {UUID} not null references offers (id),
  supplier_id {UUID} not null references suppliers (id),
  po_line_id {UUID} not null references po_lines (id),
  status text not null,
  created_at {TIME} not null
);
create index allocations_by_order on allocations (order_id);
create unique index allocations_one_live on allocations (po_line_id) where status = 'live';
create index allocations_by_po_line on allocations (po_line_id);

create table reservations (
  po_line_id {UUID} primary key references po_lines (id),
  shop_id bigint not null,
  order_id {UUID} not null references orders (id),
  offer_id {UUID} not null references offers (id),
  pieces integer not null
);
create index reservations_by_order on reservations (order_id);
create index reservations_by_offer on reservations (offer_id);

create table shipments (
  id {UUID} primary key,
  shop_id bigint not null,
  supplier_id {UUID} not null references suppliers (id),
  order_id {UUID} not null references orders (id),
  purchase_order_id {UUID} not null references purchase_orders (id),
  reference text not null,
  fingerprint {BYTES} not null,
  carrier text,
  tracking_number text,
  tracking_url text,
  shipped_at {TIME} not null,
  state text not null,
  tracking_version integer not null,
  created_at {TIME} not null
);
create unique index shipments_once on shipments (purchase_order_id, reference);
create index shipments_by_order on shipments (shop_id, order_id);
create index shipments_by_shop on shipments (shop_id, created_at);
create index shipments_unfinished on shipments (shop_id, id) where state in ('recorded','pushing');
create index shipments_waiting on shipments (shop_id, id) where state = 'waiting_for_kit';

create table shipment_lines (
  id {UUID} primary key,
  shop_id bigint not null,
  shipment_id {UUID} not null references shipments (id),
  po_line_id {UUID} not null references po_lines (id),
  quantity integer not null
);
create index shipment_lines_by_shipment on shipment_lines (shipment_id);
create index shipment_lines_by_po_line on shipment_lines (po_line_id);

create table fulfillments (
  id {UUID} primary key,
  shop_id bigint not null,
  order_id {UUID} not null references orders (id),
  shipment_id {UUID},
  location_id bigint,
  delivery_method text,
  shopify_id bigint,
  status text not null,
  by_hand boolean not null,
  company text,
  numbers {JSON} not null,
  urls {JSON} not null,
  lines {JSON} not null,
  shipments {JSON} not null,
  created_at {TIME} not null
);
create unique index fulfillments_once on fulfillments (shipment_id, location_id, delivery_method)
  where shipment_id is not null and status = 'pending';
create unique index fulfillments_by_shopify on fulfillments (shop_id, shopify_id);
create index fulfillments_by_order on fulfillments (order_id);

create table exceptions (
  id {UUID} primary key,
  shop_id bigint not null,
  order_id {UUID} references orders (id),
  order_line_id {UUID},
  purchase_order_id {UUID},
  shipment_id {UUID},
  kind text not null,
  status text not null,
  dedupe_key text not null,
  quantity integer,
  message text not null,
  evidence {JSON},
  resolution text,
  resolved_by text,
  created_at {TIME} not null,
  resolved_at {TIME}
);
create unique index exceptions_open_once on exceptions (shop_id, dedupe_key) where status = 'open';
create index exceptions_by_shop on exceptions (shop_id, status, created_at, id);
create index exceptions_by_order on exceptions (order_id);

create table events (
  id {UUID} primary key,
  shop_id bigint not null,
  order_id {UUID} not null references orders (id),
  at {TIME} not null,
  actor text not null,
  kind text not null,
  message text not null
);
create index events_by_order on events (order_id, id);

create table users (
  id {UUID} primary key,
  email text not null unique,
  name text not null,
  password_hash text,
  created_at {TIME} not null
);

create table memberships (
  id {UUID} primary key,
  user_id {UUID} not null references users (id),
  shop_id bigint,
  supplier_id {UUID},
  role text not null,
  created_at {TIME} not null
);
create index memberships_by_user on memberships (user_id);
create index memberships_by_shop on memberships (shop_id) where shop_id is not null;
create unique index memberships_shop_once on memberships (user_id, shop_id) where shop_id is not null;
create unique index memberships_supplier_once on memberships (user_id, supplier_id) where supplier_id is not null;

create table invitations (
  token_hash {BYTES} primary key,
  email text not null,
  shop_id bigint,
  supplier_id {UUID},
  role text not null,
  created_at {TIME} not null,
  expires_at {TIME} not null,
  used_at {TIME}
);

create table sessions (
  token_hash {BYTES} primary key,
  user_id {UUID} not null references users (id),
  membership_id {UUID} not null references memberships (id),
  created_at {TIME} not null,
  expires_at {TIME} not null
);
create index sessions_by_expiry on sessions (expires_at);
create index sessions_by_membership on sessions (membership_id);

create table api_keys (
  id {UUID} primary key,
  key_hash {BYTES} not null unique,
  shop_id bigint,
  supplier_id {UUID},
  scopes text not null,
  created_at {TIME} not null,
  last_used_at {TIME},
  revoked_at {TIME}
);
create index api_keys_by_supplier on api_keys (supplier_id);
create index api_keys_by_shop on api_keys (shop_id);
