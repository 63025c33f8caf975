import { Component, type ReactNode } from 'react';
import { Problem } from '../api/problem';
import { Failure } from './failure';

/**
 * Keeps what went wrong on one page from taking the others with it. A page whose script did not come, because there was
 * no connection, is one of these: only loading the tab anew asks for it again.
 */
export class Boundary extends Component<{ children: ReactNode }, { problem?: unknown }> {
  override state: { problem?: unknown } = {};

  static getDerivedStateFromError(problem: unknown) {
    return { problem };
  }

  override render() {
    const { problem } = this.state;
    if (problem === undefined) return this.props.children;
    const missing = problem instanceof TypeError && /import/i.test(problem.message);
    return (
      <Failure
        problem={missing ? new Problem({ kind: 'offline', title: '', detail: '', status: 0 }) : problem}
        again={() => location.reload()}
      />
    );
  }
}
