import { NoVoiceForLanguage, UnknownVoice, VoiceNotInstalled, VoiceSpeaksOtherLanguages } from '../../domain/voices.js';
import { defaultVoice, listVoices, voiceAvailable, voiceFingerprint, voiceFor } from './voices.js';

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
    expect(() => voiceFor('en', 'api:../x', { api: { model: 'm' } })).toThrow(UnknownVoice);
    expect(() => voiceFor('zh', 'flite:rms')).toThrow(VoiceSpeaksOtherLanguages);
    expect(() => voiceFor('tlh', undefined)).toThrow(NoVoiceForLanguage);
  });

  it('of a speech server are taken by any name once there is one', () => {
    expect(voiceAvailable('api:af_heart')).toBe(false);
    expect(voiceAvailable('api:af_heart', { api: { model: 'kokoro' } })).toBe(true);
    expect(voiceFor('ja', 'api:jf_alpha', { api: { model: 'kokoro' } })).toMatchObject({
      engine: 'api',
      name: 'jf_alpha',
      draft: false,
    });
  });

  it('each have their own fingerprint, which the model of a server is part of', () => {
    const prints = listVoices().map((voice) => voiceFingerprint(voice));
    expect(new Set(prints).size).toBe(prints.length);
    const api = voiceFor('en', 'api:a', { api: { model: 'kokoro' } });
    expect(voiceFingerprint(api, { api: { model: 'kokoro' } })).not.toBe(voiceFingerprint(api, { api: { model: 'tts-1' } }));
  });
});
