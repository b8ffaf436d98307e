// Requests by HTTP, each a session of its own: who asks is let in, then what it asks is answered.

import { RpcError } from '@sallyport/core';
import { type Answer, type Dispatcher, ErrorCode, errorText, idOf, parseJson } from '@sallyport/core/jsonrpc';
import type { Arrival } from './arrival.js';
import type { Entrance } from './entrance.js';
import type { ServerLimits } from './limits.js';
import { RequestCalls } from './request-calls.js';
import type { Session } from './session.js';
import { faultXml } from './xml-rpc/documents.js';
import { XmlRpcService } from './xml-rpc/service.js';

export class HttpRequests {
  private readonly calls: RequestCalls;
  private readonly xmlRpc: XmlRpcService;

  constructor(
    private readonly entrance: Entrance,
    private readonly dispatcher: Dispatcher,
    private readonly limits: Pick<ServerLimits, 'calls' | 'batch' | 'jsonDepth' | 'xmlDepth'>,
    /** What a method that has no result gives by XML-RPC. Default nil. */
    nothing?: unknown,
  ) {
    const { calls, batch, xmlDepth } = limits;
    this.calls = new RequestCalls(calls);
    this.xmlRpc = new XmlRpcService(dispatcher, { batch, depth: xmlDepth, nothing });
  }

  /**
   * Lets a request of JSON-RPC in; resolves with what answers its text, if there is an answer. Rejects with AuthError if it
   * is refused.
   *
   * @param connection what stays the same for all requests of one connection
   */
  async admit(arrival: Arrival, connection: object): Promise<(text: string) => Promise<string | undefined>> {
    const session = await this.enter(arrival, connection);
    return async (text) => {
      let message: unknown;
      try {
        message = parseJson(text, this.limits.jsonDepth, this.limits.batch);
      } catch (error) {
        return errorText(null, error);
      }
      const answer = (): Answer => this.dispatcher.receive(message, session, { length: text.length });
      const refuse = (error: RpcError): string => errorText(idOf(message), error);
      const share = this.entrance.share(session, arrival);
      return this.calls.run(connection, session, answer, refuse).finally(() => share.close());
    };
  }

  /** The same for a request of XML-RPC, which is always answered. */
  async admitXml(arrival: Arrival, connection: object): Promise<(document: Uint8Array) => Promise<string>> {
    const session = await this.enter(arrival, connection);
    return async (document) => {
      const share = this.entrance.share(session, arrival);
      try {
        // Reading takes turns, so it counts like working.
        share.quota.take(document.length);
      } catch (error) {
        share.close();
        return faultXml(new RpcError(ErrorCode.overloaded, (error as Error).message));
      }
      try {
        const call = await this.xmlRpc.read(document, arrival.gone);
        return await this.calls.run(connection, session, () => this.xmlRpc.answer(call, session), faultXml);
      } catch (error) {
        if (error instanceof RpcError) return faultXml(error);
        throw error;
      } finally {
        share.quota.release(document.length);
        share.close();
      }
    };
  }

  private async enter(arrival: Arrival, connection: object): Promise<Session> {
    const session = this.entrance.session(arrival.origin);
    await this.entrance.admitRequest(session, arrival, connection);
    const leave = (): void => this.dispatcher.leave(session, new Error('the client has left'));
    arrival.gone.addEventListener('abort', leave);
    return session;
  }
}
