import { NoVoiceForLanguage, UnknownVoice, VoiceNotInstalled, VoiceSpeaksOtherLanguages } from '../../domain/voices.js';
import { defaultVoice, listVoices, voiceAvailable, voiceFingerprint, voiceFor } from './voices.js';

const SERVER = { url: 'http://localhost:8880/v1', model: 'kokoro' };

describe('Voices', () => {
  it('speak English, Chinese and French without anything configured', () => {
    expect(defaultVoice('en')).toBe('flite:rms');
    expect(defaultVoice('en-GB')).toBe('flite:rms');
    expect(defaultVoice('zh-Hans-CN')).toBe('espeak:cmn');
    expect(defaultVoice('zh-yue')).toBe('espeak:yue');
    expect(defaultVoice('pt-BR')).toBe('espeak:pt-br');
    expect(defaultVoice('fr')).toBe('espeak:fr');
  });

  it('are refused by name when they do not exist, are not there, or speak something else', () => {
    expect(() => voiceFor('en', 'flite:nobody')).toThrow(UnknownVoice);
    expect(() => voiceFor('en', '')).toThrow(UnknownVoice);
    expect(() => voiceFor('en', 'api:af_heart')).toThrow(VoiceNotInstalled);
    expect(() => voiceFor('en', 'api:../x', { api: SERVER })).toThrow(UnknownVoice);
    expect(() => voiceFor('zh', 'flite:rms')).toThrow(VoiceSpeaksOtherLanguages);
    expect(() => voiceFor('tlh', undefined)).toThrow(NoVoiceForLanguage);
  });

  it('of a speech server are taken by any name once there is one', () => {
    expect(voiceAvailable('api:af_heart')).toBe(false);
    expect(voiceAvailable('api:af_heart', { api: SERVER })).toBe(true);
    expect(voiceFor('ja', 'api:jf_alpha', { api: SERVER })).toMatchObject({
      engine: 'api',
      name: 'jf_alpha',
      draft: false,
    });
  });

  it('each have their own fingerprint, which a server’s address and model are part of', () => {
    const prints = listVoices().map((voice) => voiceFingerprint(voice));
    expect(new Set(prints).size).toBe(prints.length);
    const api = voiceFor('en', 'api:a', { api: SERVER });
    const fingerprints = [SERVER, { ...SERVER, model: 'tts-1' }, { ...SERVER, url: 'http://localhost:8881/v1' }].map((server) =>
      voiceFingerprint(api, { api: server }),
    );
    expect(new Set(fingerprints).size).toBe(3);
    expect(fingerprints.join()).not.toContain('localhost');
  });
});
