/**
 * `dsync doctor`: what would make a sync of two sides fail, found before its first byte. Nothing is changed.
 *
 * @module
 */
import { makeOs } from "../lib/os/os.ts";
import { EXIT, tell } from "./exit.ts";
import { settingsComplaint } from "./doctor/settings.ts";
import * as E from "fp-ts/Either.js";
import type { Either } from "fp-ts/Either.js";
import { visibleText } from "../lib/codec/visible_text.ts";
import { parseLocation } from "../lib/codec/location.ts";
import { parseDestination } from "../lib/codec/peer_command.ts";
import type { SyncError } from "../lib/model/error.ts";
import { dryOs } from "../lib/os/dry_os.ts";
import type { Os } from "../lib/port/os.ts";
import type { DoctorCommand } from "./command.ts";
import { remoteCommandOf } from "./configuration.ts";
import { type Complaint, type Patient, quoted } from "./doctor/complaint.ts";
import { examineLocks } from "./doctor/locks.ts";
import { examineMails } from "./doctor/mails.ts";
import { examinePeer } from "./doctor/peer.ts";
import { examinePermissions } from "./doctor/permissions.ts";
import { examinePair, examinePlace } from "./doctor/places.ts";
import { examineState, noFirstSide } from "./doctor/settings.ts";
import { examineMapOf, examineNames, examineStore, type Opened } from "./doctor/stores.ts";
import { homeDirectory } from "./home_path.ts";
import { firstLocation, openSide } from "./locations.ts";

const patientOf = (
  side: Patient["side"],
  text: string,
  mayBeMissing: boolean,
): Either<SyncError, Patient> =>
  E.map((location: Patient["location"]): Patient => ({ side, text, location, mayBeMissing }))(
    parseLocation(text, homeDirectory()),
  );

const wrongLocation = (side: Patient["side"], error: SyncError): Complaint => ({
  where: error.where.path ?? side,
  what: error.what,
  mend: { _tag: "Do", what: `write ${side} as maildir:PATH or mdbox:PATH` },
});

/** What can be seen from outside of one side. */
const examineOutside = (os: Os, patient: Patient): readonly Complaint[] => [
  ...examinePlace(os, patient),
  ...examinePermissions(patient),
  ...examineLocks(patient, os.now()),
  ...examineMails(patient),
];

const open = async (
  os: Os,
  settings: ReadonlyMap<string, string>,
  patient: Patient,
): Promise<Opened | readonly Complaint[]> => {
  const store = await openSide({ os, settings }, patient.text, patient.mayBeMissing);
  const tree = E.isLeft(store) ? store : await store.right.tree();
  if (E.isRight(tree) && E.isRight(store)) return { patient, store: store.right, tree: tree.right };
  const { what } = (tree as E.Left<SyncError>).left;
  return [{ where: patient.text, what, mend: { _tag: "Do", what: "see what is said there" } }];
};

const isOpened = (end: Opened | readonly Complaint[]): end is Opened => "store" in end;

const examineStores = async (
  os: Os,
  settings: ReadonlyMap<string, string>,
  patients: readonly Patient[],
): Promise<readonly Complaint[]> => {
  const ends = [];
  for (const patient of patients) ends.push(await open(os, settings, patient));
  const complaints: Complaint[] = [];
  for (const end of ends) complaints.push(...(isOpened(end) ? await examineStore(end) : end));
  for (const end of ends) if (isOpened(end)) complaints.push(...examineMapOf(os, end.patient));
  const [one, two] = ends;
  if (one !== undefined && two !== undefined && isOpened(one) && isOpened(two)) {
    complaints.push(...examineNames(one, two), ...examineNames(two, one));
  }
  for (const end of ends) if (isOpened(end)) await end.store.close();
  return complaints;
};

/** Examines both sides; the complaints come in the order in which they are best mended. */
export const doctor = async (
  machine: Os,
  command: DoctorCommand,
): Promise<readonly Complaint[]> => {
  const os = dryOs(machine);
  const { settings } = command;
  const complaints: Complaint[] = [...examineState()];
  const first = command.first === null ? firstLocation(settings) : E.right(command.first);
  if (E.isLeft(first)) return [...complaints, noFirstSide(first.left)];
  const one = patientOf("LOCATION1", first.right, false);
  if (E.isLeft(one)) return [...complaints, wrongLocation("LOCATION1", one.left)];
  const destination = parseDestination(command.destination, remoteCommandOf(command));
  if (E.isLeft(destination)) return [...complaints, wrongLocation("LOCATION2", destination.left)];
  const patients = [one.right];
  if (destination.right._tag === "Program") {
    complaints.push(...await examinePeer(os, command, destination.right));
  } else {
    const two = patientOf("LOCATION2", destination.right.text, true);
    if (E.isLeft(two)) return [...complaints, wrongLocation("LOCATION2", two.left)];
    patients.push(two.right);
  }
  const outside = [
    ...(patients.length === 2 ? examinePair(patients[0]!, patients[1]!) : []),
    ...patients.flatMap((patient) => examineOutside(os, patient)),
  ];
  complaints.push(...outside);
  // What is wrong from outside would only be told again, and worse.
  return outside.length > 0 ? complaints : [
    ...complaints,
    ...await examineStores(os, settings, patients),
  ];
};

const mendText = ({ mend }: Complaint): string => {
  switch (mend._tag) {
    case "Run":
      return mend.command;
    case "Use":
      return `${mend.side}: ${mend.location}`;
    case "Give":
      return `dsync ${mend.options.map(quoted).join(" ")} ...`;
    case "Do":
      return mend.what;
  }
};

/** The complaints for people. */
export const doctorText = (complaints: readonly Complaint[]): string =>
  complaints.length === 0
    ? "nothing is wrong"
    : complaints.map((one) =>
      `${visibleText(`${one.where}: ${one.what}`)}\n    ${visibleText(mendText(one))}`
    ).join("\n");

const tellComplaints = (complaints: readonly Complaint[], json: boolean): number => {
  if (!json) tell(doctorText(complaints));
  else for (const one of complaints) tell(JSON.stringify(one));
  return complaints.length === 0 ? EXIT.inSync : EXIT.runAgain;
};

/** Runs `dsync doctor` and gives its exit status. */
export const runDoctor = async (command: DoctorCommand): Promise<number> =>
  tellComplaints(await doctor(makeOs(), command), command.json);

/** The same where the configuration itself is at fault. */
export const runDoctorOf = (error: SyncError, json: boolean): number =>
  tellComplaints([settingsComplaint(error)], json);
