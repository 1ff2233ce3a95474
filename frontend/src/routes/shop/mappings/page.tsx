/** Which offers stand behind each variant; those without a mapping come first. */
import { Button, Group, SegmentedControl } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Link2, SearchX } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useDialog } from "../../../components/dialog";
import { Empty, Loaded, RowsSkeleton } from "../../../components/feedback";
import { ButtonLink } from "../../../components/links";
import { Page } from "../../../components/page";
import { Pager } from "../../../components/pager";
import { SearchField } from "../../../components/search-field";
import { Card } from "../../../components/section";
import { EVERY, useLive } from "../../../lib/live";
import { DeleteDialog, EditDialog } from "./dialogs";
import { FileDialog } from "./file-dialog";
import { VariantsQuery } from "./query";
import { type MappingTask, VariantTable } from "./table";

const PAGE_SIZE = 25;

export function Mappings() {
  const { t } = useTranslation();
  const search = useSearch({ from: "/shop/mappings" });
  const navigate = useNavigate({ from: "/mappings" });
  const { which, open, close } = useDialog<MappingTask>();
  const file = useDialog<"file">();
  const unmapped = search.show === "unmapped";
  const live = useLive(
    {
      query: VariantsQuery,
      variables: {
        first: PAGE_SIZE,
        after: search.after ?? null,
        filter: { ...(search.q && { search: search.q }), ...(unmapped && { unmapped: true }) },
      },
      context: ALSO_WHEN_EMPTY,
    },
    EVERY.calm,
  );
  const narrow = (change: Partial<typeof search>) =>
    void navigate({ search: { ...search, ...change, after: undefined }, replace: true });

  return (
    <Page
      title={t("mappings.title")}
      intro={t("mappings.intro")}
      actions={
        <>
          <Button variant="default" onClick={() => file.open("file")}>
            {t("mappings.file")}
          </Button>
          <ButtonLink to="/mappings/matches" variant="default">
            {t("mappings.findMatches")}
          </ButtonLink>
        </>
      }
    >
      <Group gap="sm" role="search" aria-label={t("mappings.filters")}>
        <SearchField
          label={t("mappings.search")}
          placeholder={t("mappings.searchFor")}
          value={search.q ?? ""}
          onSearch={(q) => narrow({ q: q || undefined })}
        />
        <SegmentedControl
          aria-label={t("mappings.show")}
          value={unmapped ? "unmapped" : "all"}
          onChange={(value) => narrow({ show: value === "unmapped" ? "unmapped" : undefined })}
          data={[
            { value: "all", label: t("mappings.all") },
            { value: "unmapped", label: t("mappings.unmappedOnly") },
          ]}
        />
      </Group>
      <Loaded
        live={live}
        skeleton={
          <Card>
            <RowsSkeleton rows={8} />
          </Card>
        }
      >
        {({ variants }) => (
          <>
            <Card>
              {variants.nodes.length > 0 ? (
                <VariantTable variants={variants.nodes} start={open} />
              ) : search.q ? (
                <Empty icon={<SearchX />} title={t("mappings.noMatch")} />
              ) : unmapped ? (
                <Empty icon={<Link2 />} title={t("mappings.allMapped")}>
                  {t("mappings.allMappedWhy")}
                </Empty>
              ) : (
                <Empty icon={<Link2 />} title={t("mappings.none")}>
                  {t("mappings.noneWhy")}
                </Empty>
              )}
            </Card>
            <Pager
              pageInfo={variants.pageInfo}
              after={search.after}
              go={(after) => void navigate({ search: { ...search, after } })}
            />
          </>
        )}
      </Loaded>
      {file.which && <FileDialog close={file.close} />}
      {which?.task === "edit" && <EditDialog variant={which.variant} close={close} />}
      {which?.task === "delete" && <DeleteDialog variant={which.variant} close={close} />}
    </Page>
  );
}

const ALSO_WHEN_EMPTY = { additionalTypenames: ["Variant"] };
