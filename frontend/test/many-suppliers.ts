/** More suppliers than one page of the API holds. */
import { makeSupplier } from "./mock/builders";
import type { MockServer } from "./mock/server";

/** Beyond the second page of a hundred; the last one is “Supplier 205”, all of them bought from. */
export function manySuppliers({ world }: MockServer): void {
  const pattern = world.suppliers[0]?.connection;
  for (let number = world.suppliers.length + 1; number <= 205; number += 1) {
    const connection = pattern ? { ...pattern, id: `connection-${number}`, costs: null } : null;
    const key = `supplier-${number}`;
    const name = `Supplier ${number}`;
    world.suppliers.push(makeSupplier({ key, name, connector: "PORTAL", connection }));
  }
}
