const t0=performance.now(); const s=performance.timeOrigin;
await import("./program.ts"); const t1=performance.now();
await import("./sync.ts"); const t2=performance.now();
await import("./between_stores.ts"); const t3=performance.now();
await import("../lib/open.ts"); const t4=performance.now();
console.log("start",(t0).toFixed(1),"program",(t1-t0).toFixed(1),"sync",(t2-t1).toFixed(1),"between",(t3-t2).toFixed(1),"open",(t4-t3).toFixed(1));
