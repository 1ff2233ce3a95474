/** One supplier: the agreement, their people and systems, what they offer. */

import { Stack } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import type { TFunction } from "i18next";
import { FileQuestion } from "lucide-react";
import { useTranslation } from "react-i18next";
import { BackLink } from "../../../components/back-link";
import { Facts } from "../../../components/facts";
import { Empty, Loaded, RowsSkeleton } from "../../../components/feedback";
import { OutageNotice } from "../../../components/outage";
import { Page } from "../../../components/page";
import { Card, Section } from "../../../components/section";
import { formatCount, formatNumber } from "../../../lib/format";
import { EVERY, useLive } from "../../../lib/live";
import { ConnectionBadge } from "../suppliers/page";
import { Access } from "./access";
import { ConnectionForm } from "./connection-form";
import { CostsForm } from "./costs-form";
import { EndpointForm } from "./endpoint-form";
import { Offers } from "./offers";
import { SupplierQuery } from "./query";
import classes from "./supplier.module.css";

/** Whether a supplier's system answers when nothing was heard of an order for long. */
function asked(asking: { offered: boolean; problem: string | null } | null, t: TFunction) {
  if (!asking) return t("suppliers.askingUnknown");
  const { offered, problem } = asking;
  if (!offered) return t("suppliers.askingNo", { problem });
  return problem ? t("suppliers.askingProblem", { problem }) : t("suppliers.askingYes");
}

export function SupplierPage() {
  const { t } = useTranslation();
  const { id } = useParams({ from: "/shop/suppliers/$id" });
  const live = useLive({ query: SupplierQuery, variables: { id } }, EVERY.calm);
  const supplier = live.data?.supplier;
  const onTime = (share: string | null) =>
    share
      ? t("suppliers.onTimeShare", { share: formatNumber(Number(share), 1) })
      : t("suppliers.onTimeUnknown");
  return (
    <Page
      key={id}
      title={supplier?.name ?? t("suppliers.supplier")}
      badge={supplier && <ConnectionBadge connection={supplier.connection} />}
      back={<BackLink to="/suppliers">{t("suppliers.title")}</BackLink>}
    >
      <Loaded
        live={live}
        skeleton={
          <Card>
            <RowsSkeleton rows={6} />
          </Card>
        }
      >
        {(data) =>
          data.supplier ? (
            <Stack gap="lg">
              {data.supplier.outage && (
                <OutageNotice name={data.supplier.name} outage={data.supplier.outage} />
              )}
              <div className={classes.columns}>
                <Stack gap="lg" miw={0}>
                  <Offers supplier={data.supplier} />
                  {data.supplier.connection && <CostsForm supplier={data.supplier} />}
                </Stack>
                <Stack gap="lg" miw={0}>
                  <ConnectionForm supplier={data.supplier} />
                  {data.supplier.private && <Access supplier={data.supplier} />}
                  {data.supplier.connector === "HTTP" && data.supplier.private && (
                    <EndpointForm supplier={data.supplier} />
                  )}
                  <Section title={t("suppliers.facts")}>
                    <Facts
                      facts={[
                        [t("suppliers.connector"), t(`connector.${data.supplier.connector}`)],
                        [t("suppliers.currency"), data.supplier.currency],
                        [t("suppliers.key"), data.supplier.key],
                        data.supplier.connector === "HTTP" && [
                          t("suppliers.asking"),
                          asked(data.supplier.asking, t),
                        ],
                        !data.supplier.private && [
                          t("suppliers.whose"),
                          t("suppliers.marketplaceMeans"),
                        ],
                        data.supplier.connection && [
                          t("suppliers.onTime"),
                          onTime(data.supplier.connection.onTimePct),
                        ],
                        [
                          t("suppliers.openPurchaseOrders"),
                          formatCount(data.supplier.openPurchaseOrders),
                        ],
                      ]}
                    />
                  </Section>
                </Stack>
              </div>
            </Stack>
          ) : (
            <Card>
              <Empty icon={<FileQuestion />} title={t("suppliers.missing")} />
            </Card>
          )
        }
      </Loaded>
    </Page>
  );
}
