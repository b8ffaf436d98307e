// stub
export function chartPage() { return '<!doctype html>'; }
