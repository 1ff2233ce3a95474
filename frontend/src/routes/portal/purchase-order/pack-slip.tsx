/** What the printer gets: the slip that goes into the parcel, without prices. */
import { useTranslation } from "react-i18next";
import { AddressText } from "../../../components/address";
import classes from "./purchase-order.module.css";
import { type PurchaseOrder, remaining, totalRemaining } from "./remaining";

export function PackSlip({ purchaseOrder }: { purchaseOrder: PurchaseOrder }) {
  const { t } = useTranslation();
  // Before shipping: what is to pack. Afterwards: all that was ordered.
  const packing = totalRemaining(purchaseOrder) > 0;
  return (
    <section className={classes.slip} aria-hidden="true">
      <h2>{purchaseOrder.shopName}</h2>
      <p>{t("portal.slip", { number: purchaseOrder.number })}</p>
      <AddressText address={purchaseOrder.shipTo} />
      <table>
        <thead>
          <tr>
            <th>{t("portal.item")}</th>
            <th>{t("portal.sku")}</th>
            <th>{t("portal.quantity")}</th>
          </tr>
        </thead>
        <tbody>
          {purchaseOrder.lines.map((line) => (
            <tr key={line.id}>
              <td>{line.title}</td>
              <td>{line.sku}</td>
              <td>{packing ? remaining(line) : line.quantity}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
