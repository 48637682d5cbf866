import type { Layout } from "./layout.ts";
import { need, onlyV1, type ResourceWrite } from "./resource-write.ts";
import type { LinuxResources } from "./resources.ts";

/** Writes for huge pages, RDMA devices and v1's marks on network packets (admin-guide/cgroup-v1, cgroup-v2.rst). */
export function rareWrites(writes: ResourceWrite[], resources: LinuxResources, layout: Layout): void {
  for (const { pageSize, limit } of resources.hugepageLimits ?? []) {
    const object = `huge pages of ${pageSize}: ${limit} bytes`;
    const hierarchy = need(layout, "hugetlb", object);
    const name = hierarchy.version === 1 ? "limit_in_bytes" : "max";
    const why = "huge pages are scarce: the container gets no more of them";
    const write = { hierarchy, controller: "hugetlb", value: `${limit}`, object, why };
    // What is reserved counts as well (Linux 5.7); before, there is no such file.
    const plain = { file: `hugetlb.${pageSize}.${name}`, value: write.value };
    writes.push({ ...write, file: plain.file });
    writes.push({ ...write, file: `hugetlb.${pageSize}.rsvd.${name}`, otherwise: plain });
  }
  const { rdma } = resources;
  for (const device in rdma) {
    const { hcaHandles, hcaObjects } = rdma[device] as { hcaHandles?: number; hcaObjects?: number };
    const handles = hcaHandles === undefined ? "" : ` hca_handle=${hcaHandles}`;
    const objects = hcaObjects === undefined ? "" : ` hca_object=${hcaObjects}`;
    const value = `${device}${handles}${objects}`;
    const object = `RDMA ${value}`;
    const why = "resources of the adapter that one container could use up";
    writes.push({
      hierarchy: need(layout, "rdma", object),
      controller: "rdma",
      file: "rdma.max",
      value,
      object,
      why,
    });
  }
  const { classID, priorities = [] } = resources.network ?? {};
  if (classID) {
    const object = `network class ${classID}`;
    const why = "tc(8) and nftables recognize the container's packets by it";
    writes.push({
      hierarchy: v1(layout, "net_cls", object),
      controller: "net_cls",
      file: "net_cls.classid",
      value: `${classID}`,
      object,
      why,
    });
  }
  for (const { name, priority } of priorities) {
    const object = `network priority ${priority} on ${name}`;
    const why = "its packets leave by this interface before or after others";
    const hierarchy = v1(layout, "net_prio", object);
    writes.push({
      hierarchy,
      controller: "net_prio",
      file: "net_prio.ifpriomap",
      value: `${name} ${priority}`,
      object,
      why,
    });
  }
}

function v1(layout: Layout, controller: string, object: string): ResourceWrite["hierarchy"] {
  if (layout.hierarchies.every(({ version }) => version === 2)) throw onlyV1(object);
  return need(layout, controller, object);
}
