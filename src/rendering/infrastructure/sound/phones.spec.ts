import { readPhones, timesByPhones } from './phones.js';

describe('Phones', () => {
  // "the apple is at" as flite prints it: two utterances, each counted from its own start
  const spoken = readPhones('pau:0.2 dh:0.25 iy:0.3 ae:0.4 p:0.5 ax:0.55 l:0.6 pau:0.8 \npau:0.1 ih:0.2 z:0.3 ae:0.4 pau:0.6 \n');

  it('of several utterances are counted from the start of the first', () => {
    expect(spoken.filter((phone) => phone.name !== 'pau').map((phone) => phone.start)).toEqual(
      [0.2, 0.25, 0.3, 0.4, 0.5, 0.55, 0.9, 1, 1.1].map((seconds) => expect.closeTo(seconds, 5) as number),
    );
  });

  it('find their words, also where the sentence changed a vowel or swallowed a consonant', () => {
    const times = timesByPhones([['dh', 'ax'], ['ae', 'p', 'ax', 'l'], ['ih', 'z'], [], ['ae', 't']], spoken);
    expect(times.map((time) => time && [Number(time[0].toFixed(2)), Number(time[1].toFixed(2))])).toEqual([
      [0.2, 0.3],
      [0.3, 0.6],
      [0.9, 1.1],
      undefined,
      [1.1, 1.2],
    ]);
  });
});
