import { Injectable } from '@nestjs/common';
import { Config } from '#libs/config/config';
import type { VoiceIdentity } from '../domain/artefacts.js';
import { Voices } from '../domain/ports.js';
import type { Voice } from '../domain/voices.js';
import { defaultVoice, listVoices, voiceFingerprint, voiceFor } from './sound/voices.js';

/** The voices of this installation; loads no engine, so the web process may ask. */
@Injectable()
export class InstalledVoices extends Voices {
  constructor(private readonly config: Config) {
    super();
  }

  choose(language: string, wanted: string | undefined): string {
    return this.voice(language, wanted).id;
  }

  identity(id: string, language: string): VoiceIdentity {
    const voice = this.voice(language, id);
    return { id: voice.id, fingerprint: voiceFingerprint(voice, { api: this.config.voiceApi }) };
  }

  voice(language: string, wanted: string | undefined): Voice {
    return voiceFor(language, wanted, { api: this.config.voiceApi });
  }

  list(): (Voice & { isDefaultFor: string[] })[] {
    return listVoices().map((voice) => ({
      ...voice,
      isDefaultFor: voice.languages.filter((language) => defaultVoice(language) === voice.id),
    }));
  }
}
