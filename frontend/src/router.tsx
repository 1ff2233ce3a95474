/**
 * The route table. Each page is loaded when it is first visited; what its address
 * may carry is checked here, so a page never sees a malformed search.
 */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type RouterHistory,
} from "@tanstack/react-router";
import { NotFound } from "./routes/not-found";
import { PageFailed } from "./routes/page-failed";
import { Root } from "./routes/root";
import {
  exceptionsSearch,
  givenUpSearch,
  mappingsSearch,
  matchesSearch,
  ordersSearch,
  portalSearch,
  signInSearch,
  supplierSearch,
  suppliersSearch,
  whatIfRunSearch,
  whatIfSearch,
} from "./routes/search";

const root = createRootRoute({ component: Root, notFoundComponent: NotFound });

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: signInSearch,
  component: lazyRouteComponent(() => import("./routes/sign-in/page"), "SignIn"),
});

const invitation = createRoute({
  getParentRoute: () => root,
  path: "/invitation/$token",
  component: lazyRouteComponent(() => import("./routes/invitation/page"), "AcceptInvitation"),
});

const shop = createRoute({
  getParentRoute: () => root,
  id: "shop",
  component: lazyRouteComponent(() => import("./routes/shop/shell"), "ShopShell"),
});

const home = createRoute({
  getParentRoute: () => shop,
  path: "/",
  component: lazyRouteComponent(() => import("./routes/shop/home/page"), "Home"),
});

const exceptions = createRoute({
  getParentRoute: () => shop,
  path: "/exceptions",
  validateSearch: exceptionsSearch,
  component: lazyRouteComponent(() => import("./routes/shop/exceptions/page"), "Exceptions"),
});

const orders = createRoute({
  getParentRoute: () => shop,
  path: "/orders",
  validateSearch: ordersSearch,
  component: lazyRouteComponent(() => import("./routes/shop/orders/page"), "Orders"),
});

const order = createRoute({
  getParentRoute: () => shop,
  path: "/orders/$id",
  component: lazyRouteComponent(() => import("./routes/shop/order/page"), "OrderPage"),
});

const suppliers = createRoute({
  getParentRoute: () => shop,
  path: "/suppliers",
  validateSearch: suppliersSearch,
  component: lazyRouteComponent(() => import("./routes/shop/suppliers/page"), "Suppliers"),
});

const supplier = createRoute({
  getParentRoute: () => shop,
  path: "/suppliers/$id",
  validateSearch: supplierSearch,
  component: lazyRouteComponent(() => import("./routes/shop/supplier/page"), "SupplierPage"),
});

const mappings = createRoute({
  getParentRoute: () => shop,
  path: "/mappings",
  validateSearch: mappingsSearch,
  component: lazyRouteComponent(() => import("./routes/shop/mappings/page"), "Mappings"),
});

const matches = createRoute({
  getParentRoute: () => shop,
  path: "/mappings/matches",
  validateSearch: matchesSearch,
  component: lazyRouteComponent(() => import("./routes/shop/matches/page"), "Matches"),
});

const rules = createRoute({
  getParentRoute: () => shop,
  path: "/rules",
  component: lazyRouteComponent(() => import("./routes/shop/rules/page"), "Rules"),
});

const whatIf = createRoute({
  getParentRoute: () => shop,
  path: "/what-if",
  validateSearch: whatIfSearch,
  component: lazyRouteComponent(() => import("./routes/shop/what-if/page"), "WhatIf"),
});

const whatIfRun = createRoute({
  getParentRoute: () => shop,
  path: "/what-if/$id",
  validateSearch: whatIfRunSearch,
  component: lazyRouteComponent(() => import("./routes/shop/what-if-run/page"), "WhatIfRun"),
});

const settings = createRoute({
  getParentRoute: () => shop,
  path: "/settings",
  component: lazyRouteComponent(() => import("./routes/shop/settings/page"), "Settings"),
});

const givenUp = createRoute({
  getParentRoute: () => shop,
  path: "/given-up",
  validateSearch: givenUpSearch,
  component: lazyRouteComponent(() => import("./routes/shop/given-up/page"), "GivenUp"),
});

const portal = createRoute({
  getParentRoute: () => root,
  path: "/portal",
  component: lazyRouteComponent(() => import("./routes/portal/shell"), "PortalShell"),
});

const portalList = createRoute({
  getParentRoute: () => portal,
  path: "/",
  validateSearch: portalSearch,
  component: lazyRouteComponent(
    () => import("./routes/portal/purchase-orders/page"),
    "PurchaseOrders",
  ),
});

const portalPurchaseOrder = createRoute({
  getParentRoute: () => portal,
  path: "/purchase-orders/$id",
  component: lazyRouteComponent(
    () => import("./routes/portal/purchase-order/page"),
    "PurchaseOrderPage",
  ),
});

const routeTree = root.addChildren([
  signIn,
  invitation,
  shop.addChildren([
    home,
    exceptions,
    orders,
    order,
    suppliers,
    supplier,
    mappings,
    matches,
    rules,
    whatIf,
    whatIfRun,
    givenUp,
    settings,
  ]),
  portal.addChildren([portalList, portalPurchaseOrder]),
]);

export function makeRouter(history?: RouterHistory) {
  return createRouter({
    routeTree,
    ...(history && { history }),
    defaultPreload: "intent",
    defaultErrorComponent: PageFailed,
    scrollRestoration: true,
    // Plain text values: /orders?q=1001 stays readable and stays a text.
    parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
    stringifySearch: (search) => {
      const params = new URLSearchParams();
      for (const [key, value] of Object.entries(search)) {
        if (value !== undefined && value !== "") params.set(key, String(value));
      }
      const text = params.toString();
      return text ? `?${text}` : "";
    },
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
