/** The shop's orders: filtered by what the address says, new ones appear by themselves. */
import { Button, Stack } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { PackageOpen, SearchX } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Empty, Loaded } from "../../../components/feedback";
import { Page } from "../../../components/page";
import { Pager } from "../../../components/pager";
import { Card } from "../../../components/section";
import { EVERY, useLive } from "../../../lib/live";
import { asFilter, type OrdersSearch } from "./filter";
import { Filters } from "./filters";
import { OrdersQuery } from "./query";
import { OrderTable } from "./table";

const PAGE_SIZE = 25;

export function Orders() {
  const { t } = useTranslation();
  const search = useSearch({ from: "/shop/orders" });
  const navigate = useNavigate({ from: "/orders" });
  const live = useLive(
    {
      query: OrdersQuery,
      variables: { first: PAGE_SIZE, after: search.after ?? null, filter: asFilter(search) },
    },
    search.after ? EVERY.calm : EVERY.busy,
  );
  const filtered = Boolean(search.status || search.q || search.from || search.to);
  const narrow = (change: OrdersSearch) =>
    void navigate({ search: { ...search, ...change, after: undefined }, replace: true });

  return (
    <Page title={t("orders.title")}>
      <Stack gap="md">
        <Filters search={search} narrow={narrow} />
        <Loaded
          live={live}
          skeleton={
            <Card>
              <OrderTable.Skeleton />
            </Card>
          }
        >
          {({ orders }) => (
            <>
              <Card>
                {orders.nodes.length > 0 ? (
                  <OrderTable orders={orders.nodes} />
                ) : filtered ? (
                  <Empty
                    icon={<SearchX />}
                    title={t("orders.noMatch")}
                    action={
                      <Button
                        variant="default"
                        onClick={() =>
                          narrow({
                            status: undefined,
                            q: undefined,
                            from: undefined,
                            to: undefined,
                          })
                        }
                      >
                        {t("orders.clear")}
                      </Button>
                    }
                  >
                    {t("orders.noMatchWhy")}
                  </Empty>
                ) : (
                  <Empty icon={<PackageOpen />} title={t("orders.none")}>
                    {t("orders.noneWhy")}
                  </Empty>
                )}
              </Card>
              <Pager
                pageInfo={orders.pageInfo}
                after={search.after}
                go={(after) => void navigate({ search: { ...search, after } })}
              />
            </>
          )}
        </Loaded>
      </Stack>
    </Page>
  );
}
