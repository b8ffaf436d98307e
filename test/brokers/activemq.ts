// ActiveMQ Classic as Debian packages it: STOMP over TCP only, for WebSocket is not part of the package.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startProgram } from './program.js';
import { type BrokerKind, startBroker, type TestBroker } from './test-broker.js';

const home = '/usr/share/activemq';
const jar = `${home}/bin/activemq.jar`;

const configuration = (folder: string, port: number): string => `<?xml version="1.0" encoding="UTF-8"?>
<beans xmlns="http://www.springframework.org/schema/beans" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xsi:schemaLocation="http://www.springframework.org/schema/beans http://www.springframework.org/schema/beans/spring-beans-2.0.xsd
    http://activemq.apache.org/schema/core http://activemq.apache.org/schema/core/activemq-core.xsd">
  <broker xmlns="http://activemq.apache.org/schema/core" brokerName="test" useJmx="false" dataDirectory="${folder}/data">
    <persistenceAdapter><kahaDB directory="${folder}/data/kahadb"/></persistenceAdapter>
    <plugins>
      <simpleAuthenticationPlugin>
        <users><authenticationUser username="guest" password="guest" groups="users"/></users>
      </simpleAuthenticationPlugin>
    </plugins>
    <transportConnectors><transportConnector name="stomp" uri="stomp://127.0.0.1:${port}?transport.tcpNoDelay=true"/></transportConnectors>
  </broker>
</beans>
`;

const logging = `log4j.rootLogger=WARN, console
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=%d %p %m%n
`;

const activemq: BrokerKind = {
  name: 'ActiveMQ',
  ports: 1,

  urls: ([stomp]) => ({ tcp: `tcp://127.0.0.1:${stomp}` }),

  async prepare(folder, [stomp]) {
    await writeFile(join(folder, 'activemq.xml'), configuration(folder, stomp!));
    await writeFile(join(folder, 'log4j.properties'), logging);
    return undefined;
  },

  start(folder) {
    const properties = {
      'activemq.home': home,
      'activemq.base': folder,
      'activemq.conf': folder,
      'activemq.data': join(folder, 'data'),
      'java.io.tmpdir': folder,
      'log4j.configuration': `file:${folder}/log4j.properties`,
    };
    const options = Object.entries(properties).map(([name, value]) => `-D${name}=${value}`);
    // Quick to start rather than quick; and its statistics would be files in the system's /tmp.
    const java = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData'];
    const args = [...java, ...options, '-jar', jar, 'start', `xbean:file:${folder}/activemq.xml`];
    return [startProgram('ActiveMQ', 'java', args, { folder, env: { HOME: folder } })];
  },
};

export function startActivemq(): Promise<TestBroker> {
  return startBroker(activemq);
}
