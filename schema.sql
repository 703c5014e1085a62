-- SMS-дневник: every table, in the order of a message's life.
--
-- Types are bigint (ids, epoch milliseconds, flags 0/1), text and bytea only. Ids are made by
-- the application and sort by time. «Sealed» columns hold AES-256-GCM; the table, the column and
-- the row's id are part of the seal. Queues are partial indexes over a state column.
-- Where the engines differ, a block says which of them it is for.

-- ---------------------------------------------------------------- the house

-- What the database knows of itself: schema version, fingerprint of the key.
create table meta (
  name text primary key,
  value text not null
);

-- Who holds what: node numbers, SMPP routes, singletons. By the database's clock.
create table lease (
  name text primary key,
  holder text not null,
  until bigint not null
);

-- ---------------------------------------------------------------- people

create table school (
  id bigint primary key,
  slug text not null unique,               -- in addresses and commands
  name text not null,
  short_name text not null,                -- in SMS
  zone text not null,                      -- IANA time zone
  mode text not null check (mode in ('test', 'live')),
  settle bigint not null,                  -- ms in which a slip can be corrected before it is told
  budget bigint not null,                  -- segments a message may take
  latin bigint not null default 0,         -- 1: texts are transliterated
  scheme text not null default 'mosmetro', -- by which: a word of encoding.Scheme
  naming text not null default 'name-initial' check (naming in
    ('name-initial', 'name', 'surname-initial', 'surname-name')),  -- of pupils in SMS
  sender text not null default '',         -- '' = the route's own
  route text not null default '',          -- '' = the first route of the configuration
  phone text not null default '',          -- its telephone, as people write it
  legal text not null default '',          -- full name and address, for consent forms
  proof text not null default 'sms' check (proof in ('sms', 'sms+pd')),  -- papers it asks for
  paused_at bigint,                        -- nothing is told while it is set
  retention bigint not null default 7776000000,  -- ms for which texts and raw bytes are kept
  ledger_retention bigint not null default 0,  -- ms for which its ledger is kept; 0: for ever
  digest_at bigint not null default 1080,  -- of the daily digest; minutes after midnight, as below
  digest_day bigint not null default 5,    -- of the weekly digest; 1 Monday .. 7 Sunday
  day_from bigint not null default 480,    -- SMS leave between these two
  day_to bigint not null default 1260,
  urgent_from bigint not null default 390, -- and urgent ones, where that was agreed to
  urgent_to bigint not null default 1320,
  off_days text not null default '7',      -- days of the week without SMS
  cap bigint not null default 6,           -- messages a number and day, urgent ones apart
  budget_month bigint not null default 0,  -- SMS a month, beyond which only urgent ones go; 0: no end
  rhythms text not null default '',        -- its own defaults: «marks=now homework=day»
  told_from text not null default '',      -- the first day it tells of; '' until something came
  fill_alarm bigint not null default 0,    -- 1: its staff gets an SMS when a journal is silent
  rev bigint not null default 0,           -- bumped by whatever changes its roll or diary
  created_at bigint not null
);

-- Days without school, in the words of its calendar.
create table holiday (
  school_id bigint not null references school (id),
  from_day text not null,
  to_day text not null,
  name text not null,
  primary key (school_id, from_day)
);

-- Days on which a class, or the whole school, has no lessons at school. They change no SMS: a
-- journal that is not filled then is no matter.
create table away (
  id bigint primary key,
  school_id bigint not null references school (id),
  class_key text not null,                 -- '': the whole school
  class_name text not null,
  from_day text not null,
  to_day text not null,
  why text not null check (why in ('distance', 'quarantine', 'off'))
);
create index away_of_school on away (school_id, to_day);

-- A school's own texts, each version of them. The last one counts; '' is the text that ships.
create table template (
  school_id bigint not null references school (id),
  name text not null,
  version bigint not null,
  source text not null,
  made_by text not null,
  at bigint not null,
  primary key (school_id, name, version)
);

-- Webhook secrets (sealed: they sign) and bearer tokens (hashed). school_id 0: every school.
create table credential (
  id bigint primary key,
  school_id bigint not null,
  kind text not null check (kind in ('webhook', 'token')),
  name text not null,
  token_hash bytea unique,
  secret bytea,                            -- sealed
  scopes text not null default '',         -- of a token: words apart by spaces
  created_at bigint not null,
  used_at bigint,                          -- when it last brought events that were taken, about
  revoked_at bigint
);
create index credential_of_school on credential (school_id, kind) where revoked_at is null;

-- Answers to requests that came with an Idempotency-Key, to be given again. Swept after some days.
create table idempotency (
  id bigint primary key,
  school_id bigint not null,               -- of the token; 0: of all schools
  key_hash bytea not null,
  request_hash bytea not null,             -- method, address and body
  status bigint,                           -- null only inside the transaction that does the work
  answer bytea,                            -- sealed
  at bigint not null,
  unique (school_id, key_hash)
);
create index idempotency_at on idempotency (at);

-- One row per phone number in the whole database.
create table number (
  id bigint primary key,
  idx bytea not null unique,               -- keyed index: the only way to find a number
  sealed bytea not null,
  state text not null check (state in ('open', 'stopped', 'blocked-by-operator', 'wrong-number',
                                       'suspended')),
  consent_rev bigint not null default 0,   -- bumped by every change of consent
  udh_ref bigint not null default 0,       -- last reference of a long message to this phone
  stopped_at bigint,
  failing_since bigint,                    -- first failure since something was delivered
  erased_at bigint,                        -- `sealed` holds nothing since: the row keeps a stop
  created_at bigint not null
);
create index number_failing on number (failing_since) where failing_since is not null;

-- In test mode only these get SMS.
create table staff (
  school_id bigint not null references school (id),
  number_id bigint not null references number (id),
  primary key (school_id, number_id)
);

create table class (
  id bigint primary key,
  school_id bigint not null references school (id),
  year bigint not null,                    -- school year by its September
  name text not null,                      -- «5А»
  key text not null,
  unique (school_id, year, key)
);

create table pupil (
  id bigint primary key,
  school_id bigint not null references school (id),
  external_id text,                        -- the journal's own id
  full_name text,                          -- null: erased
  name_key text,
  birth_date text,
  rev bigint not null default 0,           -- of its row here, for who would change it
  created_at bigint not null
);
create unique index pupil_external on pupil (school_id, external_id)
  where external_id is not null;
create index pupil_name on pupil (school_id, name_key);
create index pupil_of_school on pupil (school_id, id);

-- In September 5А becomes 6А: a new row, not a changed one.
create table membership (
  pupil_id bigint not null references pupil (id),
  class_id bigint not null references class (id),
  school_id bigint not null,
  from_day text not null,
  to_day text,
  primary key (pupil_id, class_id, from_day)
);
create index membership_of_class on membership (class_id, pupil_id);

-- Of whom a person has said that they look alike and are two; `one` is the smaller id.
create table not_double (
  school_id bigint not null references school (id),
  one bigint not null,
  other bigint not null,
  by text not null,
  at bigint not null,
  primary key (school_id, one, other)
);

-- A guardian belongs to one school; the same number in another school is another guardian.
create table guardian (
  id bigint primary key,
  school_id bigint not null references school (id),
  number_id bigint not null references number (id),
  full_name text,                          -- null: erased
  name_key text,
  latin bigint,                            -- null: as the school
  welcomed_at bigint,                      -- null: no child's data to this number yet
  rev bigint not null default 0,
  created_at bigint not null,
  unique (school_id, number_id)
);
create index guardian_of_number on guardian (number_id);
create index guardian_of_school on guardian (school_id, id);
create index guardian_name on guardian (school_id, name_key);

create table subscription (
  id bigint primary key,
  school_id bigint not null,
  guardian_id bigint not null references guardian (id),
  pupil_id bigint not null references pupil (id),
  relation text not null default '',
  rev bigint not null default 0,
  created_at bigint not null,
  unique (guardian_id, pupil_id)
);
create index subscription_of_pupil on subscription (pupil_id);
create index subscription_of_school on subscription (school_id, id);
create index subscription_by_guardian on subscription (school_id, guardian_id);

-- A subscription that is no more, since its pupil was written twice: the guardian has another one,
-- to the record that is left. What the ledger says of it is read on there.
create table joined (
  id bigint primary key,
  school_id bigint not null,
  into_id bigint not null
);
create index joined_into on joined (into_id);

-- Where a guardian stands on one pupil and one topic ('*' = every topic without a row of its own).
-- The ledger says how it came to be; this is its present sum.
create table consent (
  subscription_id bigint not null references subscription (id),
  topic text not null,
  school_id bigint not null,
  state text not null check (state in ('unknown', 'asked', 'active', 'stopped', 'refused',
                                       'blocked-by-operator', 'wrong-number')),
  ledger_id bigint,
  changed_at bigint not null,
  since bigint not null default 0,         -- from when it holds: what was before is not told
  primary key (subscription_id, topic)
);
-- Whose subscriptions stand so, page by page.
create index consent_by_state on consent (school_id, topic, state, subscription_id);

-- When a topic is told: at once, in the day's digest, in the week's, or never. No row: as usual.
create table rhythm (
  subscription_id bigint not null references subscription (id),
  topic text not null,
  school_id bigint not null,
  rhythm text not null check (rhythm in ('now', 'day', 'week', 'off')),
  primary key (subscription_id, topic)
);

-- What a paper allows to send: the question «включить?» to a number left for it, or the welcome to
-- one whose consent stands on paper. One question at a time to a number, whichever school asks:
-- else a «ДА» would answer both.
create table request (
  id bigint primary key,
  school_id bigint not null,
  guardian_id bigint not null references guardian (id),
  number_id bigint not null,
  kind text not null check (kind in ('question', 'welcome')),
  state text not null check (state in ('waiting', 'open', 'answered', 'late', 'dropped')),
  ledger_id bigint not null,               -- the paper that allows it
  due bigint not null,                     -- of one that waits
  message_id bigint,                       -- the last one that was sent for it
  reception text not null default '',      -- the number that the answer comes to
  asked_at bigint,
  reminded_at bigint,
  tries bigint not null default 0,
  until bigint,                            -- an answer after that is none
  created_at bigint not null
);
create unique index request_open on request (number_id) where state = 'open' and kind = 'question';
create unique index request_of_guardian on request (guardian_id, kind)
  where state in ('waiting', 'open');
create index request_waiting on request (due) where state = 'waiting';
create index request_until on request (until) where state = 'open';
create index request_of_message on request (message_id) where state = 'open';

-- The children it is about.
create table request_pupil (
  request_id bigint not null references request (id),
  subscription_id bigint not null references subscription (id),
  primary key (request_id, subscription_id)
);

-- ---------------------------------------------------------------- the consent ledger

-- Append-only, one chain per school (school_id 0: numbers that no school knows).
create table ledger (
  id bigint primary key,
  school_id bigint not null,
  seq bigint not null,
  at bigint not null,
  action text not null check (action in ('asked', 'given', 'refused', 'revoked', 'number-changed',
                                         'operator-refusal', 'operator-lifted', 'imported',
                                         'joined')),
  subject text not null,                   -- pseudonym of the number
  scope text not null,                     -- what it covers: subscription, topic
  actor text not null,
  commitment text not null,                -- sha256(salt || evidence)
  prev text not null,
  hash text not null,
  unique (school_id, seq)
);
-- All that was ever done about one number, also when it has no guardian any more.
create index ledger_of_subject on ledger (subject, seq);
-- And about one subscription, also when its number was another.
create index ledger_of_scope on ledger (scope);

-- The proof itself stands apart, so that it can be erased and the chain still verifies.
create table evidence (
  ledger_id bigint primary key references ledger (id),
  school_id bigint not null,
  salt bytea not null,
  sealed bytea not null
);

-- The end of each chain; its row is locked while appending, and it is published.
create table ledger_head (
  school_id bigint primary key,
  seq bigint not null,
  hash text not null
);

-- Up to where a chain was cut when the time of keeping its rows was over: the last row that went.
create table ledger_checkpoint (
  school_id bigint not null,
  seq bigint not null,
  hash text not null,
  at bigint not null,
  primary key (school_id, seq)
);

-- only sqlite:
create trigger ledger_keeps_rows before update on ledger
begin
  select raise(abort, 'the consent ledger is append-only');
end;

create trigger ledger_loses_nothing before delete on ledger
when old.seq > coalesce(
  (select max(seq) from ledger_checkpoint where school_id = old.school_id), 0)
begin
  select raise(abort, 'the consent ledger is append-only');
end;

create trigger ledger_checkpoint_stays before update on ledger_checkpoint
begin
  select raise(abort, 'a checkpoint of the consent ledger stays as it is');
end;

create trigger ledger_checkpoint_is_kept before delete on ledger_checkpoint
begin
  select raise(abort, 'a checkpoint of the consent ledger stays as it is');
end;
-- end

-- only postgresql:
create function ledger_is_append_only() returns trigger language plpgsql as $body$
begin
  raise exception 'the consent ledger is append-only';
end
$body$;

create function ledger_loses_a_prefix_only() returns trigger language plpgsql as $body$
begin
  if old.seq > coalesce(
      (select max(seq) from ledger_checkpoint where school_id = old.school_id), 0) then
    raise exception 'the consent ledger is append-only';
  end if;
  return old;
end
$body$;

create trigger ledger_keeps_rows before update on ledger
  for each row execute function ledger_is_append_only();

create trigger ledger_loses_nothing before delete on ledger
  for each row execute function ledger_loses_a_prefix_only();

create trigger ledger_checkpoint_stays before update or delete on ledger_checkpoint
  for each row execute function ledger_is_append_only();

create trigger ledger_checkpoint_is_kept before truncate on ledger_checkpoint
  for each statement execute function ledger_is_append_only();

create trigger ledger_keeps_all before truncate on ledger
  for each statement execute function ledger_is_append_only();
-- end

-- ---------------------------------------------------------------- door, event, entry

-- One request of a webhook, one imported file, or one announcement of the desk, as it came.
create table delivery (
  id bigint primary key,
  school_id bigint not null,
  source text not null check (source in ('webhook', 'file', 'desk')),
  request_id text not null,                -- webhook-id; of others, our own
  body_hash bytea not null,
  body bytea,                              -- sealed; null after the retention period
  answer text not null,                    -- what was answered, to be answered again
  at bigint not null
);
create unique index delivery_request on delivery (school_id, source, request_id);
create index delivery_with_body on delivery (school_id, at) where body is not null;

create table event (
  id bigint primary key,
  school_id bigint not null,
  delivery_id bigint not null,
  pos bigint not null,                     -- place in the request, or row of the file
  kind text not null,
  at bigint not null,                      -- the teacher's time
  outcome text not null,                   -- created, changed, unchanged, stale, quarantined
  entry_id bigint,
  version bigint
);
create index event_of_delivery on event (delivery_id, pos);

-- What the events door did not take, or had already: of each school the last ones, and nothing of the
-- request itself. For whoever connects a journal to see why it is refused.
create table door_note (
  id bigint primary key,
  school_id bigint not null references school (id),
  status bigint not null,                  -- of the answer
  code text not null,                      -- closed word
  words text not null,                     -- the answer's sentence
  times bigint not null,                   -- requests that were answered so just then
  at bigint not null
);
create index door_note_of_school on door_note (school_id, id);

-- The state of the diary. `who` is a pupil, a class, or 0 for the school.
create table entry (
  id bigint primary key,
  school_id bigint not null,
  kind text not null,
  who bigint not null,
  subject_key text not null default '',
  day text not null default '',
  lesson bigint not null default -1,       -- -1: not said; there is a lesson 0
  work_key text not null default '',
  ordinal bigint not null default 1,
  ref text not null default '',            -- the source's own id
  subject text not null default '',
  work text not null default '',
  value text not null,                     -- mark or code; '' = removed; a digest of `body` for texts
  body bytea,                              -- sealed: homework, announcement, comment
  urgent bigint not null default 0,
  silence text not null default '',        -- tell nobody, and why
  until bigint,                            -- worth telling until then; null: by its kind
  not_before bigint,                       -- of an announcement that is to be told later
  at bigint not null,                      -- the teacher's time of this version
  version bigint not null,
  event_id bigint not null,
  arrived_at bigint not null,
  fan bigint                               -- null: fanned out; else the last guardian reached
);
create unique index entry_key
  on entry (school_id, kind, who, subject_key, day, lesson, work_key, ordinal);
create unique index entry_ref on entry (school_id, ref) where ref <> '';
create index entry_to_fan on entry (id) where fan is not null;
create index entry_with_body on entry (school_id, arrived_at) where body is not null;
-- What was removed again: few rows, so that a mark that is only written costs one look at its value.
create index entry_removed on entry (school_id, who) where value = '';

-- Which classes and pupils an announcement is for; no row: the whole school.
create table audience (
  entry_id bigint not null references entry (id),
  class_id bigint not null default 0,
  pupil_id bigint not null default 0,
  primary key (entry_id, class_id, pupil_id)
);

-- What could not be matched, until a person decides.
create table quarantine (
  id bigint primary key,
  school_id bigint not null,
  delivery_id bigint not null,
  pos bigint not null,
  reason text not null,                    -- closed word
  detail text not null,                    -- Russian sentence, without names
  candidates text not null,                -- ids, comma-separated
  ask text not null default '',            -- keyed digest of the question: one answer settles all of it
  same text not null default '',           -- keyed digest of what waits: it is held once
  state text not null check (state in ('open', 'resolved', 'dropped')),
  at bigint not null,
  resolved_at bigint,
  resolved_by text
);
create index quarantine_open on quarantine (school_id, id) where state = 'open';

-- What a person once answered, so that the next file or webhook does not ask again.
create table answer (
  school_id bigint not null references school (id),
  ask text not null,                       -- as in quarantine
  choice bigint not null,                  -- a pupil, a class, an entry; 0: none of them, a new one
  at bigint not null,
  by text not null,
  primary key (school_id, ask)
);

-- ---------------------------------------------------------------- imports of files

-- One import: many files or an archive, planned first, then applied, perhaps undone.
create table import (
  id bigint primary key,
  school_id bigint not null references school (id),
  state text not null check (state in ('planned', 'applying', 'applied', 'undone', 'failed')),
  digest bytea not null,                   -- sha256 over the files' own
  options text not null,                   -- JSON: what was said of them when they were given
  chunks bigint not null default 0,
  done bigint not null default 0,          -- chunks that are applied
  body bytea,                              -- its report, sealed; null: destroyed
  at bigint not null,
  by text not null,
  applied_at bigint,
  undone_at bigint
);
create index import_of_school on import (school_id, id);
create index import_with_body on import (school_id, at) where body is not null;

-- What was read of its files, in pieces that are applied one by one; gone once they are.
create table import_chunk (
  id bigint primary key,
  import_id bigint not null references import (id),
  school_id bigint not null,
  seq bigint not null,                     -- below 0: the files themselves
  kind text not null check (kind in ('contacts', 'events', 'file')),
  body bytea not null,                     -- sealed
  at bigint not null,
  unique (import_id, seq)
);
create index import_chunk_of_school on import_chunk (school_id, id);

-- What an import has made of the roll, for its undoing.
create table import_made (
  import_id bigint not null references import (id),
  what text not null check (what in ('pupil', 'subscription', 'consent', 'membership', 'ended',
                                     'number', 'stopped')),
  id bigint not null,
  was text not null default '',            -- as it was before: a state, a place in a class, or JSON
  primary key (import_id, what, id)
);

-- Entries as they were before an import changed them.
create table import_was (
  import_id bigint not null references import (id),
  entry_id bigint not null,
  value text not null,
  body bytea,                              -- as sealed in the entry
  primary key (import_id, entry_id)
);

-- How a person once said that a table's columns are to be read, for the next one with the same heads.
create table import_columns (
  school_id bigint not null references school (id),
  headings text not null,                  -- sha256 of the row of headings
  title text not null,                     -- that row, for people
  choice text not null,                    -- JSON: a heading -> what it is read as; '' leaves it out
  at bigint not null,
  by text not null,
  primary key (school_id, headings)
);

-- ---------------------------------------------------------------- how the journal is filled

-- Acts of filling from JournalAccess, without who did them; also of a school that sends no SMS and
-- has no classes here. Days are ISO dates.
create table journal_fill (
  school_id bigint not null references school (id),
  class_key text not null,
  subject_key text not null,
  done text not null,                      -- the day of the act
  lesson text not null,                    -- the day of the lesson that it is about; '' if none
  action text not null,                    -- the journal's own word
  class_name text not null,
  subject text not null,
  period text not null,
  as_of text not null,                     -- when the log was uploaded
  import_id bigint not null,
  primary key (school_id, class_key, subject_key, done, lesson, action)
);
create index journal_fill_of_import on journal_fill (import_id);

-- How often the users of a role came in, as each upload counts them; the latest one counts.
create table journal_visits (
  school_id bigint not null references school (id),
  period text not null,                    -- as the report says it, else the day of the upload
  role text not null,
  import_id bigint not null,
  users bigint not null,
  active bigint,                           -- came at least once; null: not counted by user
  visits bigint not null,
  as_of text not null,
  primary key (school_id, period, role, import_id)
);
create index journal_visits_of_import on journal_visits (import_id);

-- How the journals of a school were filled in a week that is over. Written once and never changed:
-- it is dated, and was perhaps handed on. Classes and subjects only, no person.
create table fill_report (
  school_id bigint not null references school (id),
  week text not null,                      -- its Monday
  made_at bigint not null,
  due bigint not null,                     -- subjects of classes that had lessons
  filled bigint not null,                  -- those of them in which something was written
  lessons bigint not null,                 -- days with lessons of the subjects that are due
  unmarked bigint not null,                -- those of them without a mark
  silent bigint not null,                  -- classes silent for longer than the rule
  details text not null,                   -- JSON, a cell a class and subject
  primary key (school_id, week)
);

-- Classes whose journal is silent for longer than the rule, as the last look found them.
create table silent_class (
  school_id bigint not null references school (id),
  class_key text not null,
  class_name text not null,
  last_day text not null,                  -- of the last filling; '' if nothing is known of one
  days bigint not null,                    -- school days since then
  primary key (school_id, class_key)
);

-- That the staff was told of a silent class: once a week and class.
create table fill_alarm (
  school_id bigint not null references school (id),
  class_key text not null,
  week text not null,
  at bigint not null,
  primary key (school_id, class_key, week)
);

-- The plan by which a school introduces the diary: until when each step is to be done.
create table introduction (
  school_id bigint not null references school (id),
  step text not null,                      -- a closed word of the program
  due text not null,                       -- ISO date
  primary key (school_id, step)
);

-- How many consent forms of a class were handed out, as a person counts them.
create table forms_handed (
  school_id bigint not null references school (id),
  class_id bigint not null references class (id),
  forms bigint not null,
  at bigint not null,
  primary key (school_id, class_id)
);

-- ---------------------------------------------------------------- line, message, part

-- One thing that one guardian must learn.
create table line (
  id bigint primary key,
  school_id bigint not null,
  entry_id bigint not null,
  version bigint not null,
  guardian_id bigint not null,
  pupil_id bigint not null,                -- 0 where the kind concerns a class
  ledger_id bigint,                        -- the consent that allows it
  topic text not null,
  lane bigint not null,
  value text not null,
  was text,                                -- last value told to this guardian
  due bigint not null,
  expires bigint not null,
  state text not null check (state in ('planned', 'held', 'taken', 'told', 'silent', 'replaced',
                                       'expired')),
  reason text not null default '',         -- of a silence, or of what a held one waits for
  message_id bigint
);
-- No version is told twice to one guardian; a newer one closes what is still planned.
create unique index line_of_entry on line (entry_id, guardian_id, version);
create index line_due on line (school_id, lane, due) where state = 'planned';
create index line_planned_of_guardian on line (guardian_id) where state = 'planned';
create index line_held on line (guardian_id) where state = 'held';
create index line_of_message on line (message_id) where message_id is not null;
-- What nobody was told, by the time at which it would have been: «why did nothing come?».
create index line_untold on line (school_id, due, id) where state in ('silent', 'expired');

-- How many lines each school told on each of its days: what is usual there, and what is a flood.
create table told_day (
  school_id bigint not null,
  day text not null,
  lines bigint not null,
  primary key (school_id, day)
);

-- A rendered text for one guardian of one school. Never without a ground.
create table message (
  id bigint primary key,
  school_id bigint not null,               -- 0: an answer to a number that no school knows
  guardian_id bigint,
  number_id bigint not null,
  ground text not null,
  ledger_id bigint,
  inbound_id bigint,
  text bytea,                              -- sealed; null: destroyed, by its time or by request
  alphabet text not null,
  parts bigint not null,
  segments bigint not null default 1,      -- SMS that the operator bills; its parts, unless it cuts
  level text not null,                     -- how far the texts were shortened
  state text not null check (state in ('open', 'delivered', 'undelivered', 'expired', 'rejected',
                                       'unknown', 'withdrawn')),
  reason text not null default '',
  created_at bigint not null,
  expires bigint not null,
  done_at bigint,
  topic text not null default '',          -- of its lines; 'several'; '' where it tells none
  class_id bigint not null default 0,      -- of its first line; 0: none
  counted text not null default '',        -- the state under which the tally holds it; '' not yet
  check ((ground = 'consent' and ledger_id is not null and guardian_id is not null)
      or (ground = 'reply' and inbound_id is not null)
      or ground in ('request', 'code', 'staff'))
);
create index message_of_school on message (school_id, id);
-- What went wrong is looked for by its state. Few rows, and none on the way of those that go well.
create index message_that_failed on message (school_id, state, id)
  where state not in ('open', 'delivered');
-- An inbound SMS is answered once by each school.
create unique index message_reply on message (inbound_id, school_id) where ground = 'reply';
create index message_of_number on message (number_id, id);
-- What the tally does not hold yet, or holds under a state that has changed since.
create index message_to_count on message (id) where state <> 'open' and counted <> state;

-- How a school's messages fared, summed up: reports read this and what is still on its way. A row
-- holds what ended alike; `day` is the school's own, of the moment at which the message was made.
create table tally (
  school_id bigint not null,
  day text not null,
  class_id bigint not null,
  topic text not null,
  ground text not null,
  route text not null,
  alphabet text not null,
  state text not null,
  code text not null,                      -- the operator's own word for a failure; else ''
  messages bigint not null,
  segments bigint not null,
  handed bigint not null,                  -- messages, every part of which was handed over
  accepted bigint not null,                -- messages, every part of which the operator took
  billed bigint not null,                  -- segments that the operator took
  took bigint not null,                    -- ms from made to delivered, all of them together
  in_minute bigint not null,               -- messages delivered within a minute
  in_ten bigint not null,                  -- and within ten
  primary key (school_id, day, class_id, topic, ground, route, alphabet, state, code)
);

-- How far each school has got in each lane: its own clock of parts, for fairness.
create table turn (
  school_id bigint not null,
  lane bigint not null,
  last bigint not null,                    -- `part.turn` of its last part
  primary key (school_id, lane)
);

-- One SMS segment (seq 0: an HTTP provider takes the whole). What the claim needs is copied here.
create table part (
  id bigint primary key,
  message_id bigint not null,
  school_id bigint not null,
  number_id bigint not null,
  seq bigint not null,
  total bigint not null,
  udh_ref bigint not null,
  route text not null,
  lane bigint not null,                    -- 0 answers and urgent, 1 at once, 2 digests
  turn bigint not null,                    -- its place in the lane
  ground text not null,
  consent_rev bigint not null,
  expires bigint not null,
  closes bigint,                           -- when its school's hours end; null: leaves at any hour
  state text not null check (state in ('queued', 'retry', 'sending', 'doubt', 'sent', 'delivered',
                                       'undelivered', 'expired', 'rejected', 'unknown', 'withdrawn')),
  attempts bigint not null default 0,
  due bigint,                              -- of a retry
  owner text,                              -- the process that claimed it
  claimed_at bigint,
  sent_at bigint,
  done_at bigint,
  provider_id text,                        -- verbatim
  provider_key text,                       -- canonical
  failure text,
  code text,                               -- the operator's own word
  asked_at bigint                          -- when the operator was last asked what became of it
);
create index part_of_message on part (message_id);
create index part_queue on part (route, lane, turn, id) where state = 'queued';
create index part_retry on part (due) where state = 'retry';
create index part_open_of_number on part (number_id)
  where state in ('queued', 'retry', 'sending', 'doubt');
create index part_by_provider on part (route, provider_key) where provider_key is not null;
create index part_without_receipt on part (sent_at) where state in ('sent', 'doubt');
-- Perhaps sent, and the operator's id is not known. Few rows, and none of those that go well.
create index part_without_id on part (number_id)
  where provider_key is null and state in ('doubt', 'sent');

-- A part that the provider has cut itself and calls by several ids. Of all others nothing stands here.
create table part_piece (
  part_id bigint not null,
  route text not null,
  provider_id text not null,               -- verbatim
  provider_key text not null,              -- canonical
  state text not null,                     -- «sent» until its receipt comes
  primary key (part_id, provider_key)
);
create index part_piece_by_provider on part_piece (route, provider_key);

-- What was decided of a part in doubt: «sent» it waits for its receipt, «repeat» it is queued again.
create table decision (
  id bigint primary key,
  school_id bigint not null,
  part_id bigint not null,
  decision text not null check (decision in ('sent', 'repeat')),
  actor text not null check (actor in ('policy', 'command', 'token', 'desk')),
  claimed_at bigint not null,              -- the attempt it is about
  at bigint not null
);
create index decision_of_part on decision (part_id);

-- ---------------------------------------------------------------- what comes back

create table receipt (
  id bigint primary key,
  route text not null,
  provider_id text not null,
  provider_key text not null,
  part_id bigint,                          -- null: no part known by this id yet
  state text not null,
  error text not null,
  reported_at bigint,
  at bigint not null,
  number_id bigint,
  reference bigint,                        -- our own, where the operator echoes it
  raw bytea                                -- sealed; null after the retention period
);
create index receipt_of_part on receipt (part_id) where part_id is not null;
create index receipt_orphan on receipt (route, provider_key) where part_id is null;

create table inbound (
  id bigint primary key,
  route text not null,
  number_id bigint not null,
  reception text not null,                 -- the address it was sent to
  text bytea,                              -- sealed; null: destroyed, and so is raw
  raw bytea,                               -- sealed
  digest bytea not null,                   -- keyed; tells a repeated delivery
  meaning text not null default '',
  state text not null check (state in ('new', 'waiting', 'done')),  -- waiting: for a person
  handled_by text,
  handled_at bigint,
  at bigint not null
);
create index inbound_new on inbound (id) where state = 'new';
create index inbound_waiting on inbound (id) where state = 'waiting';
create index inbound_of_number on inbound (number_id, at);

-- One piece of a long SMS. When it is joined its octets go; the rest stays for as long as the
-- piece may come once more, else it would begin a text of its own.
create table inbound_piece (
  id bigint primary key,
  route text not null,
  number_id bigint not null,
  reception text not null,
  idx bytea not null,                      -- keyed: what all pieces of one text have in common
  total bigint not null,
  seq bigint not null,
  coding bigint not null,                  -- of the octets
  sealed bytea,                            -- its octets of the text
  raw bytea,                               -- sealed
  digest bytea not null,                   -- keyed; tells a repeated delivery
  at bigint not null,
  due bigint not null,                     -- when its text is joined at the latest
  inbound_id bigint                        -- null: waits for the others
);
create index inbound_piece_due on inbound_piece (due, id) where inbound_id is null;
create index inbound_piece_of_text on inbound_piece (idx, seq, id) where inbound_id is null;
create index inbound_piece_of_number on inbound_piece (number_id, at);
create index inbound_piece_joined on inbound_piece (route, at) where inbound_id is not null;

-- ---------------------------------------------------------------- what was destroyed

-- Each destruction of personal data, kept to be shown (приказ РКН № 179 of 28.10.2022). Nothing in
-- it is about a person: internal ids and counts. Of what time does, a row a school and day.
create table destruction (
  id bigint primary key,
  school_id bigint not null,               -- 0: what belongs to no school
  at bigint not null,
  kind text not null check (kind in ('guardian', 'number', 'pupil', 'retention', 'ledger')),
  subject text not null,                   -- «guardian:ID», «pupil:ID»; '' for what time does
  counts text not null,                    -- JSON: what -> how many
  actor text not null,
  ground text not null,
  document text not null                   -- number of the paper that asks for it; '' for none
);
create index destruction_of_school on destruction (school_id, kind, id);

-- How far each sweep of time has got; ids are in the order in which things came.
create table swept (
  school_id bigint not null,               -- 0: what belongs to no school
  what text not null,
  upto bigint not null,                    -- the last id that it has done
  primary key (school_id, what)
);

-- ---------------------------------------------------------------- the desk

-- Who signs in to the pages. Nobody's number and nobody's child stands here.
create table desk_user (
  id bigint primary key,
  school_id bigint not null,               -- 0: every school of the district
  login text not null unique,
  name text not null,
  role text not null check (role in ('observer', 'class-teacher', 'operator', 'school-admin',
                                     'district-admin', 'resource-centre')),
  classes text not null default '',        -- ids of a class teacher's own, apart by spaces
  password text not null default '',       -- argon2id; '' until the first link was followed
  state text not null check (state in ('active', 'blocked')),
  created_at bigint not null,
  seen_at bigint
);
create index desk_user_of_school on desk_user (school_id, id);

-- A session is known by the hash of what its cookie holds.
create table desk_session (
  id bigint primary key,
  token_hash bytea not null unique,
  user_id bigint not null references desk_user (id),
  agent text not null default '',          -- the browser, in a few words of our own
  said text not null default '',           -- what the next page says first, once
  created_at bigint not null,
  seen_at bigint not null,
  ends_at bigint not null,
  revoked_at bigint
);
create index desk_session_of_user on desk_session (user_id, id) where revoked_at is null;

-- A link to set a password: once, and not for long.
create table desk_invite (
  id bigint primary key,
  token_hash bytea not null unique,
  user_id bigint not null references desk_user (id),
  created_at bigint not null,
  ends_at bigint not null,
  used_at bigint
);
create index desk_invite_of_user on desk_invite (user_id) where used_at is null;

-- Attempts to sign in that have not succeeded, counted by all processes together.
create table desk_attempt (
  id bigint primary key,
  digest bytea not null,                   -- keyed digest of a login or an address
  at bigint not null
);
create index desk_attempt_of on desk_attempt (digest, at);
create index desk_attempt_at on desk_attempt (at);

-- Who saw, exported and changed what. Neither numbers nor texts: an object is named by its id.
create table desk_audit (
  id bigint primary key,
  school_id bigint not null,               -- 0: of no school
  user_id bigint not null,                 -- 0: the command line
  at bigint not null,
  action text not null,                    -- closed words of the program
  kind text not null,                      -- of the object: «message», «guardian» …; '' for none
  object_id bigint not null,               -- 0: none
  words text not null                      -- Russian, without personal data
);
create index desk_audit_of_school on desk_audit (school_id, id);
create index desk_audit_by_action on desk_audit (school_id, action, id);
create index desk_audit_by_user on desk_audit (school_id, user_id, id);

-- ---------------------------------------------------------------- the parent's page

-- A code that somebody asked for: for a known number, an unknown or a closed one alike. One is open
-- for a number at a time. It goes with its day.
create table parent_code (
  id bigint primary key,
  idx bytea not null,                      -- keyed index of the number
  sealed bytea,                            -- the number; null once the code was sent, or is not to be
  token_hash bytea not null unique,        -- of the secret in the cookie of the browser that asked
  session_id bigint not null,              -- whose number is to be changed; 0: to come in
  state text not null check (state in ('new', 'open', 'used', 'closed')),
  digest bytea,                            -- keyed, of the code; null: nobody was sent one
  tries bigint not null default 0,
  number_id bigint,                        -- the number it was sent to
  message_id bigint,
  created_at bigint not null,
  ends_at bigint not null
);
create unique index parent_code_open on parent_code (idx) where state in ('new', 'open');
create index parent_code_new on parent_code (id) where state = 'new';
create index parent_code_at on parent_code (created_at);

-- What was tried, counted by all processes together.
create table parent_attempt (
  id bigint primary key,
  digest bytea not null,                   -- keyed digest of a number, a login, an address
  at bigint not null
);
create index parent_attempt_of on parent_attempt (digest, at);
create index parent_attempt_at on parent_attempt (at);

-- A slip of paper from the class teacher: a login, and a password that is changed at first use.
create table parent_slip (
  id bigint primary key,
  school_id bigint not null references school (id),
  pupil_id bigint not null references pupil (id),
  guardian_id bigint not null,             -- 0: nobody's number is known; it shows this pupil alone
  login text not null unique,
  password text not null,                  -- argon2id
  made_by text not null,
  created_at bigint not null,
  ends_at bigint not null,                 -- of the printed password
  changed_at bigint,                       -- since when the password is the family's own
  revoked_at bigint
);
create index parent_slip_of_pupil on parent_slip (pupil_id);
create index parent_slip_of_guardian on parent_slip (guardian_id) where revoked_at is null;

-- A session is known by the hash of what its cookie holds. Of a number or of a slip, the other is 0.
create table parent_session (
  id bigint primary key,
  token_hash bytea not null unique,
  number_id bigint not null,
  slip_id bigint not null,
  said text not null default '',           -- what the next page says first, once
  created_at bigint not null,
  seen_at bigint not null,
  ends_at bigint not null,
  ended_at bigint
);
create index parent_session_of_number on parent_session (number_id) where ended_at is null;
create index parent_session_of_slip on parent_session (slip_id) where ended_at is null;
create index parent_session_at on parent_session (created_at);

-- How often the page was visited. By whom is not kept.
create table parent_visit (
  school_id bigint not null,
  day text not null,                       -- ISO date in the school's zone
  visits bigint not null,
  primary key (school_id, day)
);
