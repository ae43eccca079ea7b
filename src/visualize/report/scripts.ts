/**
 * The two small scripts of the report, each in the page only where it is needed, and allowed by its hash alone (test/visualize/paging.test.ts
 * computes the hashes again). Without scripts everything is there but the arrow keys, and the pages after the first.
 */

export type Script = { readonly text: string; readonly hash: string };

/** Arrow keys, Home and End move the focus between words of a text and between cells of a matrix. */
export const keysScript: Script = {
  text: `addEventListener('keydown',e=>{const a=document.activeElement,g=a&&a.closest('[data-keys]');if(!g||e.altKey||e.ctrlKey||e.metaKey)return;const l=[...g.querySelectorAll('[tabindex]')],i=l.indexOf(a);if(i<0)return;const r=getComputedStyle(g).direction==='rtl'?-1:1,w=+g.firstElementChild.dataset.columns||1,n={ArrowRight:i+r,ArrowLeft:i-r,ArrowDown:i+w,ArrowUp:i-w,Home:0,End:l.length-1}[e.key];if(n==null||!l[n])return;e.preventDefault();l.forEach((x,j)=>x.tabIndex=j===n?0:-1);l[n].focus()})`,
  hash: '93jtlagvU6HOyDn3FwRvudNLT4pOGjriusVBj5/u0pk=',
};

/** Unpacks a page of cards and puts it in the place of the one that is shown. */
export const pagesScript: Script = {
  text: `document.querySelectorAll('.pages').forEach(s=>{const b=s.querySelector('.page'),f=b.innerHTML,p=[...s.querySelectorAll('script[type="text/plain"]')],t=+s.dataset.total,z=+s.dataset.size,c=p.length+1;let n=0;const go=async m=>{m=Math.max(0,Math.min(c-1,m));let h=f;if(m>0){const y=Uint8Array.from(atob(p[m-1].textContent),c=>c.charCodeAt(0));h=await new Response(new Blob([y]).stream().pipeThrough(new DecompressionStream('deflate-raw'))).text()}n=m;b.innerHTML=h;s.querySelectorAll('nav').forEach(v=>{v.querySelector('.first').disabled=v.querySelector('.back').disabled=n===0;v.querySelector('.next').disabled=v.querySelector('.last').disabled=n===c-1;v.querySelector('.where').textContent=(n*z+1)+' to '+Math.min(t,(n+1)*z)+' of '+t;v.querySelector('input').value=n+1})};s.querySelectorAll('nav').forEach((v,k)=>{v.hidden=false;const to=async m=>{await go(m);if(k>0)s.querySelector('nav').scrollIntoView()};v.querySelector('.first').onclick=()=>to(0);v.querySelector('.back').onclick=()=>to(n-1);v.querySelector('.next').onclick=()=>to(n+1);v.querySelector('.last').onclick=()=>to(c-1);v.querySelector('input').onchange=e=>to((+e.target.value||1)-1)})})`,
  hash: '3BJL3VSzBAn1sppDtUW71ntHnlCvRBhle3uyR5LGfto=',
};

/** As an element. The text of a script is not escaped: it holds no end tag. */
export const scriptElement = ({ text }: Script): string => `<script>${text}</script>`;
