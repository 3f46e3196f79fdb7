/*
 * The page around its data; the build makes it of reports/page (mk/embed.sh).
 */

#ifndef REPORTS_PAGE_TEXT_H
#define REPORTS_PAGE_TEXT_H

extern const char page_before[], page_after[];

#endif
