/** Mappings as a table for a spreadsheet: taken away, and brought back after a look at what would happen. */
import { Anchor, Button, FileInput, Group, List, Modal, Stack, Text } from "@mantine/core";
import { Download } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Failure } from "../../../components/feedback";
import { sentence } from "../../../lib/sentence";
import { tell } from "../../../lib/tell";

const ADDRESS = "/files/mappings.csv";

interface Report {
  dryRun: boolean;
  rows: number;
  variants: number;
  errors: { row: number; field: string; message: string }[];
  moreErrors: number;
}

async function send(file: File, dryRun: boolean): Promise<Report> {
  const response = await fetch(`${ADDRESS}?dry_run=${dryRun}`, {
    method: "POST",
    headers: { "Content-Type": "text/csv" },
    body: file,
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer?.error?.message ?? response.statusText);
  return answer as Report;
}

export function FileDialog({ close }: { close: (done?: boolean) => void }) {
  const { t } = useTranslation();
  const [file, setFile] = useState<File | null>(null);
  const [report, setReport] = useState<Report>();
  const [failure, setFailure] = useState<string>();
  const [running, setRunning] = useState(false);

  const run = async (chosen: File, dryRun: boolean) => {
    setRunning(true);
    setFailure(undefined);
    try {
      const done = await send(chosen, dryRun);
      setReport(done);
      if (!dryRun) {
        tell(t("mappingFile.taken", { count: done.variants }));
        if (done.errors.length === 0) close();
      }
    } catch (error) {
      setReport(undefined);
      setFailure(sentence(error instanceof Error ? error.message : String(error)));
    } finally {
      setRunning(false);
    }
  };
  const choose = (chosen: File | null) => {
    setFile(chosen);
    setReport(undefined);
    setFailure(undefined);
    if (chosen) void run(chosen, true);
  };

  return (
    <Modal
      opened
      onClose={close}
      title={t("mappingFile.title")}
      size="lg"
      returnFocus={false}
      closeButtonProps={{ "aria-label": t("close") }}
    >
      <Stack>
        <Text size="sm">{t("mappingFile.intro")}</Text>
        <Anchor href={ADDRESS} download="mappings.csv">
          <Group gap={6} component="span">
            <Download size={16} aria-hidden="true" />
            {t("mappingFile.download")}
          </Group>
        </Anchor>
        <FileInput
          label={t("mappingFile.choose")}
          description={t("mappingFile.limits")}
          placeholder={t("mappingFile.noFile")}
          accept=".csv,text/csv"
          value={file}
          onChange={choose}
          clearable
        />
        {failure && <Failure>{failure}</Failure>}
        {report && <Outcome report={report} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={() => close()}>
            {t("cancel")}
          </Button>
          <Button
            disabled={!file || !report?.dryRun || report.variants === 0}
            loading={running}
            onClick={() => file && void run(file, false)}
          >
            {t("mappingFile.take")}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function Outcome({ report }: { report: Report }) {
  const { t } = useTranslation();
  return (
    <div role="status">
      <Text>
        {t(report.dryRun ? "mappingFile.wouldTake" : "mappingFile.taken", {
          count: report.variants,
        })}
      </Text>
      {report.errors.length > 0 && (
        <>
          <Text fw={600} mt="xs">
            {t("mappingFile.wrong", { count: report.errors.length + report.moreErrors })}
          </Text>
          <List size="sm" mah={240} style={{ overflowY: "auto" }} tabIndex={0}>
            {report.errors.map(({ row, field, message }) => (
              <List.Item key={`${row} ${field} ${message}`}>
                {t("mappingFile.row", { row, field })} {sentence(message)}
              </List.Item>
            ))}
          </List>
        </>
      )}
    </div>
  );
}
