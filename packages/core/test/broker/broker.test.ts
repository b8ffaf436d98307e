import { type BrokerLimits, EmbeddedBroker, EmbeddedLink } from '../../src/broker/index.js';
import { StompBroker } from '../../src/client/index.js';
import { serveStomp } from '../../src/stomp/index.js';
import { ManualClock, type MemoryStream, memoryStreams } from '../../src/testing/index.js';
import { quiet } from '../stomp/raw-client.js';
import { brokerSuite, type Engine } from '../suites/broker.js';

function openEmbedded(limits: Partial<BrokerLimits> = {}): Promise<Engine> {
  const clock = new ManualClock();
  const broker = new EmbeddedBroker({ clock, limits });
  const links: EmbeddedLink[] = [];
  return Promise.resolve({
    async connect() {
      links.push(broker.link());
      return links.at(-1)!;
    },
    settle: () => quiet(),
    confirm: async (link, message) => void (await link.send(message)),
    advance: (milliseconds) => clock.run(milliseconds),
    async close() {
      for (const link of links) await link.close();
    },
  });
}

function openOverStomp(chunk?: number) {
  return (limits: Partial<BrokerLimits> = {}): Promise<Engine> => {
    const clock = new ManualClock();
    const embedded = new EmbeddedBroker({ clock, limits });
    const streams = new Map<StompBroker, MemoryStream>();
    return Promise.resolve({
      async connect() {
        const dial = async (): Promise<MemoryStream> => {
          await Promise.resolve();
          const [near, far] = memoryStreams(chunk === undefined ? {} : { chunk });
          streams.set(broker, near);
          void serveStomp(far, { sessionId: 's', clock, authenticate: () => embedded.link() });
          return near;
        };
        const broker: StompBroker = new StompBroker({ host: 'h', clock, dial, random: () => 0.5 });
        await broker.connected;
        return broker;
      },
      async settle() {
        // Each byte takes turns of its own.
        for (let round = 0; round < (chunk === 1 ? 8 : 1); round++) await quiet();
      },
      confirm: (broker, message) => (broker as StompBroker).sendConfirmed(message),
      advance: (milliseconds) => clock.run(milliseconds),
      async cut(broker) {
        streams.get(broker as StompBroker)!.cut();
        await quiet();
        await clock.run(1000);
        await quiet();
      },
      async close() {
        for (const broker of streams.keys()) await broker.close();
      },
    });
  };
}

brokerSuite('EmbeddedLink', openEmbedded, { isOurs: true, cuts: false });
brokerSuite('StompBroker', openOverStomp(), { isOurs: true });
brokerSuite('StompBroker, byte by byte', openOverStomp(1), { isOurs: true });
